//! `heliograph user`

mod all;
mod recovery;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::access::Role;
use domain::email::EmailAddress;
use domain::id::{TenantId, UserId};
use domain::user::Authority;
use secrecy::SecretString;
use serde::Serialize;

use super::database::OpenLog;
use super::output::OutputFormat;
use super::{CliError, environment, secret};
use crate::settings::MailSettings;
use all::{Selection, What};
use commands::accounts::{AccountError, NewUser};
use recovery::Which;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a user of a tenant.
    Create {
        /// The tenant's id.
        #[arg(long)]
        tenant: TenantId,
        /// Signs in with it.
        #[arg(long)]
        email: EmailAddress,
        /// The password. Without it, standard input is read, which keeps it out of the process list.
        #[arg(long)]
        password: Option<SecretString>,
        /// Without a password: they are sent a link, by the servers, and choose it themselves. Needs `SMTP_URL`.
        #[arg(long, conflicts_with = "password")]
        invite: bool,
        /// What they are in the tenant.
        #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::as_str)))]
        role: String,
    },
    /// Give a user another password, and end their login sessions. They are told by mail, if there is an SMTP server.
    ResetPassword {
        #[command(flatten)]
        which: Which,
        /// The password. Without it, standard input is read, which keeps it out of the process list.
        #[arg(long)]
        password: Option<SecretString>,
    },
    /// Take it that a user reads mail at their address.
    VerifyEmail {
        #[command(flatten)]
        which: Which,
    },
    /// Take a user's second factor away: a lost telephone.
    ResetMfa {
        #[command(flatten)]
        which: Which,
    },
    /// Keep all users from signing in; login sessions go on, see `sessions revoke-all`.
    LockAll(Selection),
    /// Let all users sign in again.
    UnlockAll(Selection),
    /// Make all passwords useless, and end all login sessions: everybody needs a new password.
    ResetAllPasswords(Selection),
}

/// A user that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    id: UserId,
    tenant_id: TenantId,
    email: EmailAddress,
    role: Role,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    match verb {
        Verb::Create { tenant, email, password, invite, role } => {
            let password = match password {
                _ if invite => None,
                Some(password) => Some(password),
                None => Some(secret::read("Password")?),
            };
            create(tenant, email, password, &role, output).await
        }
        Verb::ResetPassword { which, password } => {
            recovery::reset_password(which, password, output).await
        }
        Verb::VerifyEmail { which } => recovery::verify_email(which, output).await,
        Verb::ResetMfa { which } => recovery::reset_mfa(which, output).await,
        Verb::LockAll(which) => all::perform(What::Lock, which, output).await,
        Verb::UnlockAll(which) => all::perform(What::Unlock, which, output).await,
        Verb::ResetAllPasswords(which) => all::perform(What::ResetPassword, which, output).await,
    }
}

async fn create(
    tenant: TenantId,
    email: EmailAddress,
    password: Option<SecretString>,
    role: &str,
    output: OutputFormat,
) -> Result<(), CliError> {
    let role = Role::parse(role);
    let role = role.ok_or_else(|| CliError::Input("there is no such role".into()))?;
    if password.is_none() {
        let mail = MailSettings::read(environment).map_err(CliError::Settings)?;
        let off = || CliError::Input("nobody can be invited: SMTP_URL is not set".into());
        mail.server.ok_or_else(off)?;
    }
    let log = OpenLog::open().await?;
    let new = NewUser { tenant_id: tenant, email: email.clone(), password, role };
    let accounts = log.accounts().map_err(CliError::failed("passwords cannot be hashed here"))?;
    let created = accounts.create_user(new, Authority::Operator, log.metadata()).await;
    let id = created.map_err(refused)?.id;
    log.close().await;
    let created = Created { id, tenant_id: tenant, email, role };
    output.print(&created, |created| format!("Made user {} with id {}.", created.email, created.id))
}

/// What the operator can put right is told as such.
fn refused(error: AccountError) -> CliError {
    match error {
        AccountError::NoSuchTenant(_)
        | AccountError::NoSuchUser
        | AccountError::WrongPassword
        | AccountError::EmailTaken
        | AccountError::Password(_) => CliError::Input(error.to_string()),
        AccountError::Credentials(_)
        | AccountError::Log(_)
        | AccountError::Tenant(_)
        | AccountError::User(_) => CliError::failed("the user could not be made")(error),
    }
}

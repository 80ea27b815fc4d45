//! `heliograph user`

use std::io::{IsTerminal, Read, Write};

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use commands::credentials::{Credential, Credentials};
use commands::passwords::Passwords;
use domain::access::Role;
use domain::email::EmailAddress;
use domain::id::{TenantId, UserId};
use domain::tenant::Tenant;
use domain::user::{Command, User};
use secrecy::SecretString;
use serde::Serialize;

use super::CliError;
use super::database::OpenLog;
use super::output::OutputFormat;

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
        /// What they are in the tenant.
        #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::as_str)))]
        role: String,
    },
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
    let Verb::Create { tenant, email, password, role } = verb;
    let role = Role::ALL.into_iter().find(|known| known.as_str() == role);
    let role = role.ok_or_else(|| CliError::Input("there is no such role".into()))?;
    let password = password.map_or_else(read_password, Ok)?;
    let log = OpenLog::open().await?;
    let created = create(&log, tenant, email, password, role).await?;
    log.close().await;
    output.print(&created, |created| format!("Made user {} with id {}.", created.email, created.id))
}

async fn create(
    log: &OpenLog,
    tenant: TenantId,
    email: EmailAddress,
    password: SecretString,
    role: Role,
) -> Result<Created, CliError> {
    const FAILED: &str = "the user could not be made";
    let known =
        log.executor.load::<Tenant>(tenant, tenant.0).await.map_err(CliError::failed(FAILED))?;
    if known == Tenant::Absent {
        return Err(CliError::Input(format!("there is no tenant {tenant}")));
    }
    let passwords = Passwords::new().map_err(CliError::failed(FAILED))?;
    let password_hash = passwords
        .hash(password)
        .await
        .map_err(|error| CliError::Input(format!("the password {error}")))?;
    let user_id = UserId(log.executor.ambient().new_id());
    let credential = Credential { tenant_id: tenant, user_id, email: email.clone(), password_hash };
    Credentials::new(log.pool.clone()).add(&credential).await.map_err(CliError::failed(FAILED))?;
    let now = log.executor.ambient().now();
    let command = Command::Create { email: email.clone(), role, now };
    log.executor
        .execute::<User>(tenant, user_id.0, command, log.metadata())
        .await
        .map_err(CliError::failed(FAILED))?;
    Ok(Created { id: user_id, tenant_id: tenant, email, role })
}

/// The password from standard input: one line, or all there is.
fn read_password() -> Result<SecretString, CliError> {
    let failed = || CliError::failed("the password could not be read from standard input");
    let mut stdin = std::io::stdin();
    let mut text = String::new();
    if stdin.is_terminal() {
        write!(std::io::stderr(), "Password (shown as typed): ").map_err(failed())?;
        stdin.read_line(&mut text).map_err(failed())?;
    } else {
        stdin.read_to_string(&mut text).map_err(failed())?;
    }
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

//! What an operator does for somebody who cannot get in: a password, a confirmed address, a lost telephone.

use clap::Args;
use commands::accounts::AccountError;
use commands::credentials::{Credential, Credentials};
use commands::second_factors::SecondFactors;
use domain::email::EmailAddress;
use domain::id::{TenantId, UserId};
use domain::user::event::PasswordChange;
use domain::user::{self, Authority, Change, User};
use secrecy::SecretString;
use serde::Serialize;

use super::super::database::OpenLog;
use super::super::output::OutputFormat;
use super::super::{CliError, secret};
use super::refused;

/// Which user.
#[derive(Debug, Args)]
pub(in crate::cli) struct Which {
    /// The tenant's id.
    #[arg(long)]
    tenant: TenantId,
    /// Signs in with it.
    #[arg(long)]
    email: EmailAddress,
}

/// A user for whom something was done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    id: UserId,
    tenant_id: TenantId,
    email: EmailAddress,
}

const FAILED: &str = "the user could not be changed";

pub(super) async fn reset_password(
    which: Which,
    password: Option<SecretString>,
    output: OutputFormat,
) -> Result<(), CliError> {
    let password = password.map_or_else(|| secret::read("Password"), Ok)?;
    let change = async |log: &OpenLog, user: (TenantId, UserId)| {
        let (how, by) = (PasswordChange::Administrator, Authority::Operator);
        let set =
            async { log.accounts()?.set_password(user, password, how, by, log.metadata()).await };
        set.await.map(drop).map_err(|error: AccountError| refused(error))
    };
    perform(which, output, "Has another password, and is signed out everywhere", change).await
}

pub(super) async fn verify_email(which: Which, output: OutputFormat) -> Result<(), CliError> {
    let change = async |log: &OpenLog, user| change(log, user, Change::VerifyEmail).await;
    perform(which, output, "Counts as somebody who reads mail at the address", change).await
}

pub(super) async fn reset_mfa(which: Which, output: OutputFormat) -> Result<(), CliError> {
    let change = async |log: &OpenLog, user: (TenantId, UserId)| {
        change(log, user, Change::DisableSecondFactor).await?;
        let secrets =
            SecondFactors::new(log.pool.clone(), None).map_err(CliError::failed(FAILED))?;
        secrets.forget(user.1).await.map_err(CliError::failed(FAILED))
    };
    perform(which, output, "Signs in with the password alone", change).await
}

async fn perform(
    Which { tenant, email }: Which,
    output: OutputFormat,
    done: &str,
    change: impl AsyncFnOnce(&OpenLog, (TenantId, UserId)) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let changed = async {
        let found = Credentials::new(log.pool.clone()).find(&email, Some(tenant)).await;
        let found = found.map_err(CliError::failed(FAILED))?;
        let unknown =
            || CliError::Input(format!("the tenant has no user with the address {email}"));
        let Credential { user_id, .. } = found.first().ok_or_else(unknown)?;
        change(&log, (tenant, *user_id)).await?;
        Ok(*user_id)
    };
    let changed = changed.await;
    log.close().await;
    let user = Done { id: changed?, tenant_id: tenant, email };
    output.print(&user, |user| format!("{done}: {}, user {}.", user.email, user.id))
}

async fn change(
    log: &OpenLog,
    (tenant, user): (TenantId, UserId),
    change: Change,
) -> Result<(), CliError> {
    let (by, now) = (Authority::Operator, log.executor.ambient().now());
    let command = user::Command::Change { change, by, now };
    let changed = log.executor.execute::<User>(tenant, user.0, command, log.metadata()).await;
    changed.map(drop).map_err(CliError::failed(FAILED))
}

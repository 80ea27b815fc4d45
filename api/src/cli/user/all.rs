//! `heliograph user lock-all | unlock-all | reset-all-passwords`: for the day somebody has got in.
//!
//! Users are taken from where credentials are kept, a page at a time; doing it again goes over all of them again.

use clap::Args;
use commands::accounts::Accounts;
use commands::credentials::{Credential, Credentials};
use commands::executor::CommandError;
use domain::email::EmailAddress;
use domain::id::TenantId;
use domain::user::event::{LockReason, PasswordChange};
use domain::user::{Authority, Change, Command, Rejection, User};
use serde::Serialize;

use crate::ambient::random_secret;
use crate::cli::CliError;
use crate::cli::database::OpenLog;
use crate::cli::output::OutputFormat;

/// Which users.
#[derive(Debug, Args)]
pub(in crate::cli) struct Selection {
    /// Only this tenant's users.
    #[arg(long)]
    tenant: Option<TenantId>,
    /// Not these: those who are to clear up. May be given several times.
    #[arg(long)]
    keep: Vec<EmailAddress>,
}

/// What is done to them.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Lock,
    Unlock,
    ResetPassword,
}

/// How many it was done to.
#[derive(Debug, Serialize)]
struct Done {
    users: u64,
}

pub(super) async fn perform(
    what: What,
    selection: Selection,
    output: OutputFormat,
) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let accounts = log.accounts().map_err(CliError::failed("passwords cannot be hashed here"))?;
    let credentials = Credentials::new(log.pool.clone());
    let mut users = 0;
    let mut after = None;
    loop {
        let page = credentials.page(selection.tenant, after).await;
        let page = page.map_err(CliError::failed("the users could not be read"))?;
        let Some(last) = page.last() else { break };
        after = Some(last.user_id);
        for credential in page.iter().filter(|user| !selection.keep.contains(&user.email)) {
            users += u64::from(apply(&log, &accounts, what, credential).await?);
        }
    }
    log.close().await;
    output.print(&Done { users }, |done| format!("{} {} users.", what.as_str(), done.users))
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Lock => "Locked",
            Self::Unlock => "Unlocked",
            Self::ResetPassword => "Voided the passwords of",
        }
    }
}

/// Whether the user is there at all: see `commands::credentials`.
async fn apply(
    log: &OpenLog,
    accounts: &Accounts,
    what: What,
    credential: &Credential,
) -> Result<bool, CliError> {
    let Credential { tenant_id: tenant, user_id: user, .. } = *credential;
    let (by, metadata) = (Authority::Operator, log.metadata());
    let failed = "a user could not be changed; run it again";
    let change = match what {
        What::Lock => Change::Lock { reason: LockReason::ByOrder, until: None },
        What::Unlock => Change::Unlock,
        What::ResetPassword => {
            let how = PasswordChange::Administrator;
            let nobodys = random_secret().into();
            let set = accounts.set_password((tenant, user), nobodys, how, by, metadata).await;
            set.map_err(CliError::failed(failed))?;
            return Ok(true);
        }
    };
    let command = Command::Change { change, by, now: log.executor.ambient().now() };
    match log.executor.execute::<User>(tenant, user.0, command, metadata).await {
        Ok(_) => Ok(true),
        Err(CommandError::Rejected(Rejection::Unknown)) => Ok(false),
        Err(error) => Err(CliError::failed(failed)(error)),
    }
}

//! `heliograph sessions`: the login sessions of users. WhatsApp sessions are `heliograph session`.

use clap::Subcommand;
use commands::credentials::Credentials;
use domain::id::{TenantId, UserId};
use domain::tenant::{self, Tenant};
use domain::user::{self, Authority, Change, User};
use serde::Serialize;

use super::CliError;
use super::database::OpenLog;
use super::output::OutputFormat;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// End login sessions, at once and on every process: everybody's, a tenant's or a user's.
    RevokeAll {
        /// Only those of this tenant's users.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// Only those of this user of the tenant.
        #[arg(long, requires = "tenant")]
        user: Option<UserId>,
    },
}

/// Whose login sessions were ended.
#[derive(Debug, Serialize)]
struct Ended {
    tenants: usize,
}

const FAILED: &str = "login sessions could not be ended; run it again";

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let Verb::RevokeAll { tenant, user } = verb;
    let log = OpenLog::open().await?;
    if let (Some(tenant), Some(user)) = (tenant, user) {
        revoke_users(&log, tenant, user).await?;
        log.close().await;
        return output.print(&user, |user| format!("Ended the login sessions of user {user}."));
    }
    let tenants = match tenant {
        Some(tenant) => vec![tenant],
        None => {
            Credentials::new(log.pool.clone()).tenants().await.map_err(CliError::failed(FAILED))?
        }
    };
    for tenant in &tenants {
        let command = tenant::Command::SignOutEverywhere { now: log.executor.ambient().now() };
        let ended = log.executor.execute::<Tenant>(*tenant, tenant.0, command, log.metadata());
        ended.await.map_err(CliError::failed(FAILED))?;
    }
    log.close().await;
    output.print(&Ended { tenants: tenants.len() }, |ended| {
        format!("Ended the login sessions of all users of {} tenants.", ended.tenants)
    })
}

async fn revoke_users(log: &OpenLog, tenant: TenantId, user: UserId) -> Result<(), CliError> {
    let (change, by) = (Change::SignOutEverywhere, Authority::Operator);
    let command = user::Command::Change { change, by, now: log.executor.ambient().now() };
    let ended = log.executor.execute::<User>(tenant, user.0, command, log.metadata()).await;
    ended.map_err(CliError::failed(FAILED)).map(|_| ())
}

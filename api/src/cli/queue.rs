//! `heliograph queue`

mod mode;
mod process;
mod status;

use clap::{Args, Subcommand};
use domain::id::{SessionId, TenantId};
use domain::session::queue_mode::QueueMode;

use super::CliError;
use super::output::OutputFormat;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Deliver every message that may go now, and stop. Safe beside running engines.
    Process,
    /// Show how the sessions' queues stand, the longest first.
    Status {
        /// Only this tenant's.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// At most so many sessions.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Have a session take and send messages.
    Run(Which),
    /// Have a session take messages and keep them.
    Hold(Which),
    /// Have a session send the messages it has and take no more.
    Drain(Which),
}

/// One session.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The tenant's id.
    #[arg(long)]
    tenant: TenantId,
    /// The session's id.
    #[arg(long)]
    session: SessionId,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let set = |which: Which, mode| mode::set(which.tenant, which.session, mode, output);
    match verb {
        Verb::Process => process::process(output).await,
        Verb::Status { tenant, limit } => status::status(tenant, limit, output).await,
        Verb::Run(which) => set(which, QueueMode::Run).await,
        Verb::Hold(which) => set(which, QueueMode::Hold).await,
        Verb::Drain(which) => set(which, QueueMode::Drain).await,
    }
}

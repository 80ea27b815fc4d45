//! `heliograph queue run|hold|drain`

use commands::executor::CommandError;
use domain::id::{SessionId, TenantId};
use domain::session::queue_mode::QueueMode;
use domain::session::{Command, Session};
use serde::Serialize;

use super::super::CliError;
use super::super::database::OpenLog;
use super::super::output::OutputFormat;

/// What a session does with messages.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mode {
    session_id: SessionId,
    mode: QueueMode,
}

pub(super) async fn set(
    tenant: TenantId,
    session_id: SessionId,
    mode: QueueMode,
    output: OutputFormat,
) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let command = Command::SetQueueMode { mode, now: log.executor.ambient().now() };
    let set = log.executor.execute::<Session>(tenant, session_id.0, command, log.metadata()).await;
    set.map_err(|error| match error {
        CommandError::Rejected(rejection) => CliError::Input(rejection.to_string()),
        error => CliError::failed("the queue could not be set")(error),
    })?;
    log.close().await;
    output.print(&Mode { session_id, mode }, |set| {
        format!("The queue of session {} is set to {}.", set.session_id, set.mode.as_str())
    })
}

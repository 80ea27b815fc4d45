//! `heliograph session`

use clap::Subcommand;
use commands::moving::Mover;
use commands::session_keys::SessionKeys;
use commands::session_keys::placing::Wanted;
use domain::id::SessionId;
use domain::waha_server::name::ServerName;
use serde::Serialize;

use super::CliError;
use super::database::OpenLog;
use super::output::OutputFormat;
use super::waha_servers::not_moved;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Have a session run on another WAHA server; it waits for a new scan there, unless the servers share their
    /// session store.
    Move {
        /// The session's id.
        id: SessionId,
        /// The server.
        #[arg(long)]
        to: ServerName,
        /// Stop it where it is and do not remove it, which would forget its pairing: the servers share their session
        /// store.
        #[arg(long)]
        keep_pairing: bool,
    },
}

/// A session that was moved.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MovedSession {
    session_id: SessionId,
    waha_server: ServerName,
}

impl From<(SessionId, ServerName)> for MovedSession {
    fn from((session_id, waha_server): (SessionId, ServerName)) -> Self {
        Self { session_id, waha_server }
    }
}

impl MovedSession {
    pub(super) fn line(&self) -> String {
        format!("Session {} goes to {}.", self.session_id, self.waha_server)
    }
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let Verb::Move { id, to, keep_pairing } = verb;
    let log = OpenLog::open().await?;
    let keys = SessionKeys::new(log.pool.clone());
    let key = keys.get(id).await.map_err(CliError::failed("the session could not be read"))?;
    let key = key.ok_or_else(|| CliError::Input("there is no such session".into()))?;
    let sessions = Mover::new(log.executor.clone(), keys);
    let (tenant, wanted) = (key.tenant_id, Wanted::On(&to));
    let moved = sessions.move_session(tenant, id, wanted, keep_pairing, log.metadata()).await;
    let moved = moved.map_err(not_moved)?;
    log.close().await;
    output.print(&MovedSession::from((id, moved.server)), MovedSession::line)
}

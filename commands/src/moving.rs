//! Moving sessions from one WAHA server to another.
//!
//! ```text
//! a place on the other server is taken  ->  session_placed (durable)  ->  the session saga takes it off the one and
//!                                                                         starts it on the other
//! ```

use domain::id::{SessionId, TenantId};
use domain::ports::event_log::Metadata;
use domain::session::event::Event;
use domain::session::{Command, Rejection, Session};
use domain::stream::Position;
use domain::waha_server::name::ServerName;

use crate::executor::{CommandError, Executed, Executor};
use crate::session_keys::SessionKeys;
use crate::session_keys::placing::{PlacingError, Wanted};

/// Sessions moved at once; more are moved by asking again.
const SESSIONS_MAX: i64 = 1_000;

/// Moves sessions.
#[derive(Clone)]
pub struct Mover {
    executor: Executor,
    keys: SessionKeys,
}

/// A session, and where it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Which.
    pub session_id: SessionId,
    /// The server it is on now.
    pub server: ServerName,
    /// The place in the log of what says so.
    pub position: Position,
}

/// Why a session is not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// There is no place for it.
    #[error(transparent)]
    Placing(#[from] PlacingError),
    /// It refuses.
    #[error(transparent)]
    Command(#[from] CommandError<Rejection>),
}

impl Mover {
    /// Of the sessions these keys are of.
    pub fn new(executor: Executor, keys: SessionKeys) -> Self {
        Self { executor, keys }
    }

    /// Moves a session to a server, or to any other, which is the one with the most room.
    pub async fn move_session(
        &self,
        tenant: TenantId,
        session: SessionId,
        wanted: Wanted<'_>,
        keep_pairing: bool,
        metadata: Metadata,
    ) -> Result<Moved, MoveError> {
        let done = self.executor.done::<Session>(tenant, session.0, &metadata).await;
        if let Some(Executed { events, position }) = done.map_err(CommandError::Log)?
            && let Some(Event::Placed(placed)) = events.into_iter().next()
        {
            return Ok(Moved { session_id: session, server: placed.server, position });
        }
        let server = self.keys.take_place(session, wanted).await?;
        let now = self.executor.ambient().now();
        let command = Command::Move { server: server.clone(), keep_pairing, now };
        let executed =
            self.executor.execute::<Session>(tenant, session.0, command, metadata).await?;
        Ok(Moved { session_id: session, server, position: executed.position })
    }

    /// Moves every session off a server, one after the other, each to the server with the most room then.
    pub async fn move_all(
        &self,
        server: &ServerName,
        keep_pairing: bool,
        metadata: &Metadata,
    ) -> Result<Vec<Moved>, MoveError> {
        let sessions = self.keys.on_server(server, SESSIONS_MAX).await;
        let mut moved = Vec::new();
        for key in sessions.map_err(PlacingError::from)? {
            let (tenant, session) = (key.tenant_id, key.session_id);
            let wanted = Wanted::OtherThan(server);
            match self.move_session(tenant, session, wanted, keep_pairing, metadata.clone()).await {
                Ok(session) => moved.push(session),
                // It goes with what was asked of it before.
                Err(MoveError::Command(CommandError::Rejected(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(moved)
    }
}

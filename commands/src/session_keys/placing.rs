//! On which WAHA server a session has its place.
//!
//! A server's sessions are counted where their places are taken, one at a time in the whole installation, so none is
//! ever given more than it takes. What a server takes is a fold of the log, and a moment old at most.

use domain::waha_server::ServerState;
use domain::waha_server::name::ServerName;
use sqlx::{PgConnection, Row};

use crate::sagas::delivery::servers::{server_name, server_state};

/// Where a session is to have its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// On this server.
    On(&'a ServerName),
    /// On any other than this.
    OtherThan(&'a ServerName),
}

/// Why a session has no place.
#[derive(Debug, thiserror::Error)]
pub enum PlacingError {
    /// No server takes sessions.
    #[error(
        "no WAHA server has room for another session: add one, activate one or raise a capacity"
    )]
    NoRoom,
    /// There is no such server, or it has no key.
    #[error("there is no WAHA server {0}, or its key is missing")]
    NoSuchServer(ServerName),
    /// The server takes no new sessions.
    #[error("the WAHA server {0} is {word} and takes no sessions: activate it first", word = .1.as_str())]
    NotActive(ServerName, ServerState),
    /// The server has as many as it takes.
    #[error("the WAHA server {0} has no room for another session: raise its capacity")]
    Full(ServerName),
    /// There is no such session.
    #[error("there is no such session")]
    NoSuchSession,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Whoever takes a place, or takes a server away, does so alone until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('heliograph placing', 0))")
        .execute(connection)
        .await?;
    Ok(())
}

/// The active server with the most room; of several without a limit, the one with the fewest sessions.
pub(super) async fn choose(
    connection: &mut PgConnection,
    other_than: Option<&ServerName>,
) -> Result<ServerName, PlacingError> {
    let row = sqlx::query(
        "select r.name
         from registered_servers r
         cross join lateral (
             select count(*) as sessions from session_keys k where k.waha_server = r.name) placed
         where r.state = 'active' and r.name is distinct from $1
           and (r.capacity is null or sessions < r.capacity)
           and (r.name = 'default' or exists (select from waha_server_keys k where k.name = r.name))
         order by r.capacity - sessions desc nulls first, sessions, r.name
         limit 1",
    )
    .bind(other_than.map(ServerName::as_str))
    .fetch_optional(connection)
    .await?;
    row.map_or(Err(PlacingError::NoRoom), |row| Ok(server_name(&row, "name")?))
}

/// Whether a server takes one more session.
pub(super) async fn require_room(
    connection: &mut PgConnection,
    server: &ServerName,
) -> Result<(), PlacingError> {
    let row = sqlx::query(
        "select r.state,
                r.capacity <= (select count(*) from session_keys k where k.waha_server = r.name) as is_full
         from registered_servers r
         where r.name = $1
           and (r.name = 'default' or exists (select from waha_server_keys k where k.name = r.name))",
    )
    .bind(server.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Err(PlacingError::NoSuchServer(server.clone())) };
    let state = server_state(row.try_get("state")?)?;
    if state != ServerState::Active {
        return Err(PlacingError::NotActive(server.clone(), state));
    }
    let is_full: Option<bool> = row.try_get("is_full")?;
    if is_full == Some(true) { Err(PlacingError::Full(server.clone())) } else { Ok(()) }
}

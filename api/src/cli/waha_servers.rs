//! `heliograph waha-servers`

use clap::Subcommand;
use commands::executor::CommandError;
use commands::moving::{MoveError, Mover};
use commands::session_keys::SessionKeys;
use commands::session_keys::placing::PlacingError;
use commands::waha_servers::{RegistryError, ServerRow, WahaServers};
use domain::stream::Position;
use domain::waha_server::ServerState;
use domain::waha_server::name::{ServerName, ServerUrl};
use serde::Serialize;

use super::database::OpenLog;
use super::output::OutputFormat;
use super::session::MovedSession;
use super::{CliError, secret};
use crate::waha_servers::{CAPACITY_MAX, as_capacity};

const KEY: &str = "The server's API key";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Register a server. Its API key is read from standard input.
    Add {
        /// Its name: lower-case letters, digits and hyphens.
        #[arg(long)]
        name: ServerName,
        /// Its `http` or `https` address.
        #[arg(long)]
        url: ServerUrl,
        /// How many sessions it takes; 0: any number.
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=CAPACITY_MAX))]
        capacity: u64,
    },
    /// List the servers.
    List,
    /// Change a server; what is not named stays as it is.
    Set {
        /// Its name.
        name: ServerName,
        /// Where it is now.
        #[arg(long)]
        url: Option<ServerUrl>,
        /// How many sessions it takes; 0: any number.
        #[arg(long, value_parser = clap::value_parser!(u64).range(0..=CAPACITY_MAX))]
        capacity: Option<u64>,
        /// Read a new API key from standard input.
        #[arg(long)]
        key: bool,
    },
    /// Have a server take no new sessions; those on it go on.
    Drain {
        /// Its name.
        name: ServerName,
    },
    /// Move every session off a server that is drained or down, each to the server with the most room.
    Empty {
        /// Its name.
        name: ServerName,
        /// Stop sessions there and do not remove them, which would forget their pairing: the servers share their
        /// session store.
        #[arg(long)]
        keep_pairing: bool,
    },
    /// Have a server take sessions, and be called again.
    Activate {
        /// Its name.
        name: ServerName,
    },
    /// Have a server not be called: what its sessions are to send waits.
    Down {
        /// Its name.
        name: ServerName,
    },
    /// Take a server that has no sessions out of the registry.
    Remove {
        /// Its name.
        name: ServerName,
    },
}

/// A server in the list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: ServerName,
    /// None: where `WAHA_BASE_URL` says.
    url: Option<String>,
    capacity: Option<i32>,
    sessions: i64,
    state: ServerState,
    has_key: bool,
    /// Whether its circuit breaker is open.
    is_failing: bool,
}

/// What was done to a server.
#[derive(Debug, Serialize)]
struct Done {
    name: ServerName,
    done: &'static str,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    match verb {
        Verb::List => list(&log, output).await?,
        Verb::Empty { name, keep_pairing } => empty(&log, &name, keep_pairing, output).await?,
        Verb::Add { name, url, capacity } => {
            let (capacity, key) = (as_capacity(capacity), secret::read(KEY)?);
            let servers = registry(&log);
            let added = servers.register(name.clone(), url, capacity, &key, log.metadata()).await;
            tell(&servers, added, Done { name, done: "registered" }, output).await?;
        }
        Verb::Set { name, url, capacity, key } => {
            let key = if key { Some(secret::read(KEY)?) } else { None };
            let (capacity, servers) = (capacity.map(as_capacity), registry(&log));
            let set = servers.change(&name, url, capacity, key.as_ref(), log.metadata()).await;
            tell(&servers, set, Done { name, done: "changed" }, output).await?;
        }
        Verb::Drain { name } => set_state(&log, name, ServerState::Draining, output).await?,
        Verb::Activate { name } => set_state(&log, name, ServerState::Active, output).await?,
        Verb::Down { name } => set_state(&log, name, ServerState::Down, output).await?,
        Verb::Remove { name } => {
            let servers = registry(&log);
            let removed = servers.remove(&name, log.metadata()).await;
            tell(&servers, removed, Done { name, done: "removed" }, output).await?;
        }
    }
    log.close().await;
    Ok(())
}

fn registry(log: &OpenLog) -> WahaServers {
    WahaServers::new(log.pool.clone(), log.executor.clone())
}

async fn set_state(
    log: &OpenLog,
    name: ServerName,
    state: ServerState,
    output: OutputFormat,
) -> Result<(), CliError> {
    let servers = registry(log);
    let set = servers.set_state(&name, state, log.metadata()).await;
    tell(&servers, set, Done { name, done: state.as_str() }, output).await
}

/// Says what was done, once those who place sessions and send messages know of it.
async fn tell(
    servers: &WahaServers,
    changed: Result<Position, RegistryError>,
    done: Done,
    output: OutputFormat,
) -> Result<(), CliError> {
    remembered(servers, changed.map_err(refused)?).await?;
    output.print(&done, |done| format!("WAHA server {}: {}.", done.name, done.done))
}

async fn remembered(servers: &WahaServers, position: Position) -> Result<(), CliError> {
    let known = servers.remembered(position).await;
    known.map_err(CliError::failed("whether the change is known cannot be told"))
}

async fn list(log: &OpenLog, output: OutputFormat) -> Result<(), CliError> {
    let rows = registry(log).list().await;
    let rows = rows.map_err(CliError::failed("the servers could not be read"))?;
    let listed: Vec<Listed> = rows.into_iter().map(Listed::from).collect();
    output.print(&listed, |listed| listed.iter().map(Listed::line).collect::<Vec<_>>().join("\n"))
}

async fn empty(
    log: &OpenLog,
    name: &ServerName,
    keep_pairing: bool,
    output: OutputFormat,
) -> Result<(), CliError> {
    let sessions = Mover::new(log.executor.clone(), SessionKeys::new(log.pool.clone()));
    let moved = sessions.move_all(name, keep_pairing, &log.metadata()).await;
    let moved = moved.map_err(not_moved)?;
    if let Some(last) = moved.last() {
        remembered(&registry(log), last.position).await?;
    }
    let moved = moved.into_iter().map(|moved| (moved.session_id, moved.server).into());
    let moved: Vec<MovedSession> = moved.collect();
    output.print(&moved, |moved| match moved.as_slice() {
        [] => "No session was on it.".to_owned(),
        moved => moved.iter().map(MovedSession::line).collect::<Vec<_>>().join("\n"),
    })
}

impl From<ServerRow> for Listed {
    fn from(row: ServerRow) -> Self {
        let is_failing = row.breaker_open_until.is_some();
        let ServerRow { name, url, capacity, sessions, state, has_key, .. } = row;
        Self { name, url, capacity, sessions, state, has_key, is_failing }
    }
}

impl Listed {
    fn line(&self) -> String {
        let Self { name, state, sessions, .. } = self;
        let capacity = self.capacity.map_or("any number".to_owned(), |max| max.to_string());
        let url = self.url.as_deref().unwrap_or("where WAHA_BASE_URL says");
        let key = if self.has_key { "" } else { ", its API key is missing" };
        let failing = if self.is_failing { ", it keeps failing" } else { "" };
        let state = state.as_str();
        format!("{name}  {state}  {sessions} of {capacity} sessions  {url}{key}{failing}")
    }
}

/// What the operator can put right is told as such.
fn refused(error: RegistryError) -> CliError {
    match error {
        RegistryError::InvalidKey | RegistryError::HasSessions(_) => {
            CliError::Input(error.to_string())
        }
        RegistryError::Command(CommandError::Rejected(rejection)) => {
            CliError::Input(rejection.to_string())
        }
        RegistryError::Command(_) | RegistryError::Database(_) => {
            CliError::failed("the server could not be changed")(error)
        }
    }
}

/// The same of a session that is not moved.
pub(super) fn not_moved(error: MoveError) -> CliError {
    match error {
        MoveError::Placing(PlacingError::Database(error)) => {
            CliError::failed("the session could not be moved")(error)
        }
        MoveError::Placing(error) => CliError::Input(error.to_string()),
        MoveError::Command(CommandError::Rejected(rejection)) => {
            CliError::Input(rejection.to_string())
        }
        MoveError::Command(error) => CliError::failed("the session could not be moved")(error),
    }
}

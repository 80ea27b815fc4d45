//! The registry of WAHA servers, for those who run the installation.
//!
//! What a server is and how it stands are events; its key is a secret, so not in the log: table `waha_server_keys`. A
//! server without a key takes no sessions, so a registration that was cut short is seen and can be finished.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::id::{TenantId, WahaServerId};
use domain::ports::event_log::Metadata;
use domain::stream::Position;
use domain::waha_server::name::{ServerName, ServerUrl};
use domain::waha_server::{Capacity, Command, Rejection, ServerState, WahaServer};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgPool, Row};
use tokio::time::sleep;
use uuid::Uuid;

use crate::executor::{CommandError, Executor};
use crate::sagas;
use crate::sagas::delivery::servers::{server_name, server_state};
use crate::session_keys::placing;

/// The saga that remembers the registry.
const REMEMBERS: &str = "delivery";
/// How long it may take to.
const REMEMBERED_TIME_MAX: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Longest key.
const KEY_BYTES_MAX: usize = 1_000;
/// Most servers listed at once.
const SERVERS_MAX: i64 = 1_000;

/// The registry.
#[derive(Clone)]
pub struct WahaServers {
    pool: PgPool,
    executor: Executor,
}

/// How a server is reached. Its `Debug` shows no key.
#[derive(Debug, Clone)]
pub struct ServerAccess {
    /// Where it is.
    pub url: String,
    /// The key it asks for.
    pub api_key: SecretString,
}

/// A server, as its operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRow {
    /// Its name.
    pub name: ServerName,
    /// Where it is; none: where the settings say.
    pub url: Option<String>,
    /// How many sessions it takes; none: any number.
    pub capacity: Option<i32>,
    /// How many it has.
    pub sessions: i64,
    /// Whether it takes new ones, and whether it is called.
    pub state: ServerState,
    /// Whether its key is known.
    pub has_key: bool,
    /// Until when it is not even asked how it is, because it kept failing; none: it is called.
    pub breaker_open_until: Option<DateTime<Utc>>,
    /// What was last told of a failure, while something is noted of it.
    pub breaker_reason: Option<String>,
    /// Sessions on it through which nothing is sent, because they kept failing.
    pub session_breakers_open: i64,
}

/// Why the registry is not changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The key cannot be sent to a server.
    #[error("the API key must be 1 to {KEY_BYTES_MAX} visible ASCII characters")]
    InvalidKey,
    /// Sessions are on it.
    #[error("there are sessions on the WAHA server ({0}): drain it and move them first")]
    HasSessions(i64),
    /// The server refuses it.
    #[error(transparent)]
    Command(#[from] CommandError<Rejection>),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl WahaServers {
    /// In this database and this log.
    pub fn new(pool: PgPool, executor: Executor) -> Self {
        Self { pool, executor }
    }

    /// Takes a server into the registry.
    pub async fn register(
        &self,
        name: ServerName,
        url: ServerUrl,
        capacity: Capacity,
        api_key: &SecretString,
        metadata: Metadata,
    ) -> Result<Position, RegistryError> {
        require_sound(api_key)?;
        if name.is_default() {
            return Err(CommandError::Rejected(Rejection::NamedBySettings).into());
        }
        let (url, now) = (Some(url), self.executor.ambient().now());
        let command = Command::Register { name: name.clone(), url, capacity, now };
        let position = self.execute(&name, command, metadata).await?;
        self.keep_key(&name, api_key).await?;
        Ok(position)
    }

    /// Changes what is given, and leaves the rest.
    pub async fn change(
        &self,
        name: &ServerName,
        url: Option<ServerUrl>,
        capacity: Option<Capacity>,
        api_key: Option<&SecretString>,
        metadata: Metadata,
    ) -> Result<Position, RegistryError> {
        api_key.map_or(Ok(()), require_sound)?;
        if api_key.is_some() && name.is_default() {
            return Err(CommandError::Rejected(Rejection::NamedBySettings).into());
        }
        let command = Command::Change { url, capacity, now: self.executor.ambient().now() };
        let position = self.adopt_and_execute(name, command, metadata).await?;
        if let Some(api_key) = api_key {
            self.keep_key(name, api_key).await?;
        }
        Ok(position)
    }

    /// Says whether it takes new sessions, and whether it is called.
    pub async fn set_state(
        &self,
        name: &ServerName,
        state: ServerState,
        metadata: Metadata,
    ) -> Result<Position, RegistryError> {
        let command = Command::SetState { state, now: self.executor.ambient().now() };
        self.adopt_and_execute(name, command, metadata).await
    }

    /// Takes a server out of the registry. Its key goes first, with nobody taking a place meanwhile: from then on no
    /// session comes to be on it.
    pub async fn remove(
        &self,
        name: &ServerName,
        metadata: Metadata,
    ) -> Result<Position, RegistryError> {
        let mut transaction = self.pool.begin().await?;
        placing::lock(&mut transaction).await?;
        let sessions: i64 =
            sqlx::query_scalar("select count(*) from placed_sessions where waha_server = $1")
                .bind(name.as_str())
                .fetch_one(&mut *transaction)
                .await?;
        if sessions > 0 && !name.is_default() {
            return Err(RegistryError::HasSessions(sessions));
        }
        sqlx::query("delete from waha_server_keys where name = $1")
            .bind(name.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let command = Command::Remove { now: self.executor.ambient().now() };
        self.adopt_and_execute(name, command, metadata).await
    }

    /// Every server, the one of the settings first.
    pub async fn list(&self) -> Result<Vec<ServerRow>, sqlx::Error> {
        let rows = sqlx::query(
            "select r.name, r.url, r.capacity, r.state,
                    (select count(*) from session_keys k where k.waha_server = r.name) as sessions,
                    r.name = 'default'
                        or exists (select from waha_server_keys k where k.name = r.name) as has_key,
                    b.open_until, b.reason,
                    (select count(*) from breakers s where s.server = r.name and s.session_id <> $2
                       and s.open_until is not null) as session_breakers_open
             from registered_servers r
             left join breakers b on b.server = r.name and b.session_id = $2
             order by r.name <> 'default', r.name limit $1",
        )
        .bind(SERVERS_MAX)
        .bind(Uuid::nil())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ServerRow {
                    name: server_name(row, "name")?,
                    url: row.try_get("url")?,
                    capacity: row.try_get("capacity")?,
                    sessions: row.try_get("sessions")?,
                    state: server_state(row.try_get("state")?)?,
                    has_key: row.try_get("has_key")?,
                    breaker_open_until: row.try_get("open_until")?,
                    breaker_reason: row.try_get("reason")?,
                    session_breakers_open: row.try_get("session_breakers_open")?,
                })
            })
            .collect()
    }

    /// How a server other than the one of the settings is reached; none if it is not registered, or has no key.
    pub async fn access(&self, name: &ServerName) -> Result<Option<ServerAccess>, sqlx::Error> {
        let row = sqlx::query(
            "select s.url, k.api_key from waha_servers s join waha_server_keys k using (name)
             where name = $1 and s.url is not null",
        )
        .bind(name.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let api_key = row.try_get::<String, _>("api_key")?.into();
            Ok(ServerAccess { url: row.try_get("url")?, api_key })
        })
        .transpose()
    }

    /// Waits until whoever places sessions and sends messages knows of what is at `position`; not for ever: without a
    /// process that delivers, nobody comes to know of it.
    pub async fn remembered(&self, position: Position) -> Result<(), sqlx::Error> {
        let deadline = Instant::now() + REMEMBERED_TIME_MAX;
        while Instant::now() < deadline {
            let statuses = sagas::statuses(&self.pool).await?;
            if statuses.iter().any(|s| s.saga == REMEMBERS && s.position >= position) {
                break;
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn keep_key(&self, name: &ServerName, api_key: &SecretString) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into waha_server_keys (name, api_key) values ($1, $2)
             on conflict (name) do update set api_key = excluded.api_key",
        )
        .bind(name.as_str())
        .bind(api_key.expose_secret())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The server of the settings is registered when something is first said of it.
    async fn adopt_and_execute(
        &self,
        name: &ServerName,
        command: Command,
        metadata: Metadata,
    ) -> Result<Position, RegistryError> {
        if name.is_default() {
            let now = self.executor.ambient().now();
            let (url, capacity) = (None, Capacity::default());
            let adopt = Command::Register { name: name.clone(), url, capacity, now };
            match self.execute(name, adopt, metadata.clone().part("adopt")).await {
                Ok(_)
                | Err(RegistryError::Command(CommandError::Rejected(
                    Rejection::AlreadyRegistered,
                ))) => {}
                Err(error) => return Err(error),
            }
        }
        self.execute(name, command, metadata).await
    }

    async fn execute(
        &self,
        name: &ServerName,
        command: Command,
        metadata: Metadata,
    ) -> Result<Position, RegistryError> {
        let id = WahaServerId::of(name).0;
        let executed =
            self.executor.execute::<WahaServer>(TenantId::PLATFORM, id, command, metadata).await?;
        Ok(executed.position)
    }
}

/// A key goes into a header of every request.
fn require_sound(api_key: &SecretString) -> Result<(), RegistryError> {
    let key = api_key.expose_secret();
    let is_sound =
        (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if is_sound { Ok(()) } else { Err(RegistryError::InvalidKey) }
}

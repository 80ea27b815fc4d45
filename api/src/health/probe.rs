//! Looks at what the process needs, for no longer than somebody who asks about health should wait.

use std::borrow::Cow;
use std::error::Error;
use std::time::{Duration, Instant};

use domain::waha_server::ServerState;
use domain::waha_server::name::ServerName;
use futures::StreamExt;
use futures::stream::iter;
use projections::projector::checkpoint;
use serde::Serialize;
use sqlx::Connection;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::app::App;
use schemars::JsonSchema;

/// How long a look may take.
const LOOK_TIME_MAX: Duration = Duration::from_secs(3);
/// WAHA servers asked at a time.
const SERVERS_AT_A_TIME_MAX: usize = 16;

/// How one of the things the process needs is. Says nothing of what messages say, nor anything an attacker could
/// use: the causes in full are in the log.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    status: Availability,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Availability {
    Up,
    Down,
}

impl Service {
    /// Whether it is as it should be.
    pub fn is_up(&self) -> bool {
        self.status == Availability::Up
    }

    fn up() -> Self {
        Self { status: Availability::Up, latency_ms: None, detail: None }
    }

    fn down(detail: impl Into<String>) -> Self {
        Self { status: Availability::Down, latency_ms: None, detail: Some(detail.into()) }
    }

    fn after(self, since: Instant) -> Self {
        Self { latency_ms: u64::try_from(since.elapsed().as_millis()).ok(), ..self }
    }
}

/// Whether the database answers.
pub(super) async fn database(app: &App) -> Service {
    let since = Instant::now();
    let ping = async { app.pool.acquire().await?.ping().await };
    match timeout(LOOK_TIME_MAX, ping).await {
        Ok(Ok(())) => Service::up().after(since),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            Service::down("does not answer").after(since)
        }
        Err(_) => Service::down("does not answer in time").after(since),
    }
}

/// Whether the event store answers, and what it is.
pub(super) async fn event_store(app: &App) -> Service {
    let since = Instant::now();
    match timeout(LOOK_TIME_MAX, app.executor.log().probe()).await {
        Ok(Ok(what)) => Service { detail: Some(what), ..Service::up() }.after(since),
        Ok(Err(error)) => {
            let cause = error.source().map(ToString::to_string);
            tracing::warn!(%error, cause, "the event store does not answer");
            Service::down("does not answer").after(since)
        }
        Err(_) => Service::down("does not answer in time").after(since),
    }
}

/// Whether every WAHA server answers: the one of the settings is `waha`, the others are `waha:{name}`. Where the
/// registry cannot be read, only the first is asked.
pub(super) async fn waha(app: &App) -> Vec<(Cow<'static, str>, Service)> {
    let listed = timeout(LOOK_TIME_MAX, app.waha_servers.list()).await;
    let servers: Vec<_> = match listed {
        Ok(Ok(rows)) => rows.into_iter().map(|row| (row.name, row.state)).collect(),
        Ok(Err(_)) | Err(_) => vec![(ServerName::default(), ServerState::Active)],
    };
    let services = iter(servers).map(|(name, state)| async move {
        let service = waha_server(app, &name, state).await;
        let is_default = name.is_default();
        (if is_default { "waha".into() } else { format!("waha:{name}").into() }, service)
    });
    services.buffered(SERVERS_AT_A_TIME_MAX).collect().await
}

/// Whether a WAHA server answers. One that an operator has marked as down is as it should be.
async fn waha_server(app: &App, name: &ServerName, state: ServerState) -> Service {
    if state == ServerState::Down {
        return Service { detail: Some("marked as down".to_owned()), ..Service::up() };
    }
    let since = Instant::now();
    match timeout(LOOK_TIME_MAX, app.gateway.ping(name)).await {
        Ok(Ok(version)) => {
            Service { detail: Some(format!("version {version}")), ..Service::up() }.after(since)
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, server = %name, "WAHA does not answer");
            Service::down("does not answer").after(since)
        }
        Err(_) => Service::down("does not answer in time").after(since),
    }
}

/// Whether every projection moves; only asked of a database that is there.
pub(super) async fn projections(app: &App, database: &Service) -> Service {
    if !database.is_up() {
        return Service::down("the database is away");
    }
    let statuses = timeout(LOOK_TIME_MAX, checkpoint::statuses(&app.pool)).await;
    whether_all_move(statuses, |status| {
        let why = status.error.map(|_| status.error_summary.unwrap_or_default())?;
        Some(format!("{} stands still after {}: {why}", status.name, status.position))
    })
}

/// Whether every saga moves; only asked of a database that is there.
pub(super) async fn sagas(app: &App, database: &Service) -> Service {
    if !database.is_up() {
        return Service::down("the database is away");
    }
    let statuses = timeout(LOOK_TIME_MAX, commands::sagas::statuses(&app.pool)).await;
    whether_all_move(statuses, |status| {
        status.error.map(|_| format!("{} stands still after {}", status.saga, status.position))
    })
}

/// Of those that follow the log, `halted` tells of each that stands still.
fn whether_all_move<T>(
    statuses: Result<Result<Vec<T>, sqlx::Error>, Elapsed>,
    halted: impl Fn(T) -> Option<String>,
) -> Service {
    match statuses {
        Ok(Ok(statuses)) => {
            let halted: Vec<_> = statuses.into_iter().filter_map(halted).collect();
            if halted.is_empty() { Service::up() } else { Service::down(halted.join("; ")) }
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "the state of those that follow the log cannot be read");
            Service::down("cannot be read")
        }
        Err(_) => Service::down("cannot be read in time"),
    }
}

/// Whether the process takes requests.
pub(super) fn server(app: &App) -> Service {
    if app.is_draining() { Service::down("shutting down") } else { Service::up() }
}

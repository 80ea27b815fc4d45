//! `GET /admin/waha-servers` and `GET /admin/waha-servers/{name}`

use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use commands::waha_servers::ServerRow;
use domain::waha_server::ServerState;
use domain::waha_server::name::ServerName;
use futures::StreamExt;
use futures::stream::iter;
use serde::Serialize;
use tokio::time::timeout;

use super::ServerUnknown;
use crate::app::App;
use crate::envelope::success;
use crate::extract::Id;
use crate::extract::path::PathId;
use crate::openapi::answers::Success;
use crate::problem::Problem;
use schemars::JsonSchema;

/// How long a server may take to say that it is there.
const PING_TIME_MAX: Duration = Duration::from_secs(3);
/// Servers asked at a time.
const PINGS_MAX: usize = 16;

/// A server, as operators see it. Its key is not shown.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WahaServer")]
#[serde(rename_all = "camelCase")]
pub(super) struct Server {
    name: ServerName,
    url: String,
    /// None: any number.
    capacity: Option<i32>,
    sessions: i64,
    state: ServerState,
    has_key: bool,
    health: Health,
    breaker: Breaker,
}

/// Whether it is called, or kept failing.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WahaServerBreaker")]
#[serde(rename_all = "camelCase")]
struct Breaker {
    state: BreakerState,
    /// What was last told of a failure, unless all has been well since.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Sessions on it through which nothing is sent, because they kept failing.
    sessions_open: i64,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum BreakerState {
    Closed,
    Open,
    /// Its time is over, and it is being asked how it is.
    HalfOpen,
}

/// Whether it answers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WahaServerHealth")]
#[serde(rename_all = "camelCase")]
struct Health {
    status: Answer,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "WahaServerAnswer")]
#[serde(rename_all = "snake_case")]
enum Answer {
    Up,
    Down,
    /// An operator says that it is down, so it is not asked.
    NotAsked,
}

/// Lists every WAHA server.
#[utoipa::path(
    get, path = "/admin/waha-servers", tag = "WAHA servers", operation_id = "listWahaServers",
    responses(Success<Vec<Server>>)
)]
pub async fn list(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let rows = app.waha_servers.list().await?;
    let servers: Vec<_> =
        iter(rows).map(|row| server(&app, row)).buffered(PINGS_MAX).collect().await;
    Ok(success(servers))
}

/// Shows a WAHA server.
#[utoipa::path(
    get, path = "/admin/waha-servers/{name}", tag = "WAHA servers", operation_id = "showWahaServer",
    params(Id<ServerName>),
    responses(Success<Server>, ServerUnknown)
)]
pub async fn show_one(
    State(app): State<App>,
    Id(name): Id<ServerName>,
) -> Result<impl IntoResponse, Problem> {
    Ok(success(show(&app, &name).await?.ok_or_else(ServerName::not_found)?))
}

/// The server of this name, if there is one.
pub(super) async fn show(app: &App, name: &ServerName) -> Result<Option<Server>, Problem> {
    let rows = app.waha_servers.list().await?;
    match rows.into_iter().find(|row| row.name == *name) {
        Some(row) => Ok(Some(server(app, row).await)),
        None => Ok(None),
    }
}

async fn server(app: &App, row: ServerRow) -> Server {
    let health = health(app, &row).await;
    let breaker = Breaker {
        state: match row.breaker_open_until {
            None => BreakerState::Closed,
            Some(until) if until <= app.ambient().now() => BreakerState::HalfOpen,
            Some(_) => BreakerState::Open,
        },
        reason: row.breaker_reason,
        sessions_open: row.session_breakers_open,
    };
    let ServerRow { name, url, capacity, sessions, state, has_key, .. } = row;
    let url = url.unwrap_or_else(|| app.waha_url.clone());
    Server { name, url, capacity, sessions, state, has_key, health, breaker }
}

async fn health(app: &App, row: &ServerRow) -> Health {
    if row.state == ServerState::Down {
        return Health { status: Answer::NotAsked, version: None };
    }
    match timeout(PING_TIME_MAX, app.gateway.ping(&row.name)).await {
        Ok(Ok(version)) => Health { status: Answer::Up, version: Some(version) },
        Ok(Err(_)) | Err(_) => Health { status: Answer::Down, version: None },
    }
}

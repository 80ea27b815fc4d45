//! Whether the process and what it needs are there.
//!
//! `live` asks nothing: a process that answers is alive, and restarting it does not bring a database back.
//! `ready` asks whether requests should come here. The others tell people where the fault is.

mod probe;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::app::App;
use crate::openapi::answers::Report;
use crate::problem::RETRY_AFTER;
use schemars::JsonSchema;

pub use probe::Service;

/// How things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "HealthStatus")]
#[serde(rename_all = "snake_case")]
enum Status {
    /// As they should be.
    Ok,
    /// Requests are answered, but something is not as it should be.
    Degraded,
    /// Requests cannot be answered.
    Unavailable,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    status: Status,
    services: BTreeMap<Cow<'static, str>, Service>,
    timestamp: DateTime<Utc>,
    /// In seconds.
    uptime: u64,
}

/// Tells how everything is.
#[utoipa::path(
    get, path = "/health", tag = "health", operation_id = "health",
    responses(Report<Health>)
)]
pub async fn overview(State(app): State<App>) -> Response {
    let (database, event_store, waha) =
        tokio::join!(probe::database(&app), probe::event_store(&app), probe::waha(&app));
    let projections = probe::projections(&app, &database).await;
    let sagas = probe::sagas(&app, &database).await;
    let are_needed_up = database.is_up() && event_store.is_up();
    let are_servers_up = waha.iter().all(|(_, service)| service.is_up());
    let are_others_up = are_servers_up && projections.is_up() && sagas.is_up();
    let status = match (are_needed_up, are_others_up) {
        (false, _) => Status::Unavailable,
        (true, false) => Status::Degraded,
        (true, true) => Status::Ok,
    };
    let services = [
        ("database", database),
        ("eventStore", event_store),
        ("projections", projections),
        ("sagas", sagas),
    ];
    report(&app, status, services.map(named).into_iter().chain(waha))
}

/// Tells that the process answers.
#[utoipa::path(
    get, path = "/health/live", tag = "health", operation_id = "live",
    responses(Report<Health>)
)]
pub async fn live(State(app): State<App>) -> Response {
    report(&app, Status::Ok, [].map(named))
}

/// Tells whether requests may come here.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", operation_id = "ready",
    responses(Report<Health>)
)]
pub async fn ready(State(app): State<App>) -> Response {
    let (database, event_store) = tokio::join!(probe::database(&app), probe::event_store(&app));
    let projections = probe::projections(&app, &database).await;
    let sagas = probe::sagas(&app, &database).await;
    let services = [
        ("database", database),
        ("eventStore", event_store),
        ("projections", projections),
        ("sagas", sagas),
        ("server", probe::server(&app)),
    ];
    all_or_nothing(&app, services)
}

/// Tells how the database is.
#[utoipa::path(
    get, path = "/health/db", tag = "health", operation_id = "databaseHealth",
    responses(Report<Health>)
)]
pub async fn database(State(app): State<App>) -> Response {
    all_or_nothing(&app, [("database", probe::database(&app).await)])
}

/// Tells how the WAHA servers are.
#[utoipa::path(
    get, path = "/waha/health", tag = "health", operation_id = "wahaHealth",
    responses(Report<Health>)
)]
pub async fn waha(State(app): State<App>) -> Response {
    let services = probe::waha(&app).await;
    let are_up = services.iter().all(|(_, service)| service.is_up());
    report(&app, if are_up { Status::Ok } else { Status::Unavailable }, services)
}

/// Tells whether webhooks are taken.
#[utoipa::path(
    get, path = "/webhooks/health", tag = "health", operation_id = "webhookHealth",
    responses(Report<Health>)
)]
pub async fn webhooks(State(app): State<App>) -> Response {
    let (database, event_store) = tokio::join!(probe::database(&app), probe::event_store(&app));
    let server = probe::server(&app);
    let services = [("database", database), ("eventStore", event_store), ("server", server)];
    all_or_nothing(&app, services)
}

fn all_or_nothing<const N: usize>(app: &App, services: [(&'static str, Service); N]) -> Response {
    let are_up = services.iter().all(|(_, service)| service.is_up());
    report(app, if are_up { Status::Ok } else { Status::Unavailable }, services.map(named))
}

fn named((name, service): (&'static str, Service)) -> (Cow<'static, str>, Service) {
    (name.into(), service)
}

fn report(
    app: &App,
    status: Status,
    services: impl IntoIterator<Item = (Cow<'static, str>, Service)>,
) -> Response {
    let health = Health {
        status,
        services: services.into_iter().collect(),
        timestamp: app.ambient().now(),
        uptime: app.uptime().as_secs(),
    };
    match status {
        Status::Ok | Status::Degraded => Json(health).into_response(),
        Status::Unavailable => {
            let retry_after = HeaderValue::from(RETRY_AFTER.as_secs());
            let headers = [(header::RETRY_AFTER, retry_after)];
            (StatusCode::SERVICE_UNAVAILABLE, headers, Json(health)).into_response()
        }
    }
}

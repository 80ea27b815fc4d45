//! The server itself: is it there, what is it, how is it.

use std::sync::Arc;

use axum::{Router, extract::State, response::Response, routing::get};
use serde_json::json;

use crate::{clock, nest, waha::Waha};

/// Routes without a key.
pub(super) fn open_routes() -> Router<Arc<Waha>> {
    Router::new().route("/ping", get(ping))
}

pub(super) fn routes() -> Router<Arc<Waha>> {
    Router::new()
        .route("/health", get(health))
        .route("/api/server/version", get(version))
        .route("/api/server/status", get(status))
}

async fn ping() -> Response {
    nest::ok(&json!({ "message": "pong" }))
}

async fn health() -> Response {
    nest::ok(&json!({ "status": "ok", "info": {}, "error": {}, "details": {} }))
}

async fn version(State(waha): State<Arc<Waha>>) -> Response {
    nest::ok(&waha.options.environment())
}

async fn status(State(waha): State<Arc<Waha>>) -> Response {
    let started_ms = waha.world().started_ms;
    nest::ok(&json!({
        "startTimestamp": started_ms,
        "uptime": clock::now_ms() - started_ms,
        "worker": { "id": "" },
    }))
}

//! Sessions: create, configure, start, stop, remove.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{
    identifiers,
    nest::{
        self,
        body::{Body, text},
        refusal::Refusal,
    },
    session::Session,
    session_config::SessionConfig,
    waha::Waha,
};

const NAME_LENGTH_MAX: usize = 54;

pub(super) fn routes() -> Router<Arc<Waha>> {
    Router::new()
        .route("/api/sessions", get(list).post(create))
        .route("/api/sessions/{session}", get(show).put(update).delete(delete))
        .route("/api/sessions/{session}/me", get(me))
        .route("/api/sessions/{session}/start", post(start))
        .route("/api/sessions/{session}/stop", post(stop))
        .route("/api/sessions/{session}/restart", post(restart))
        .route("/api/sessions/{session}/logout", post(logout))
}

/// Without `all=true` the stopped sessions are missing.
async fn list(
    State(waha): State<Arc<Waha>>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    if query.contains_key("expand") {
        return Err(Refusal::Unprocessable(
            "Apps are disabled. Enable it by setting 'WAHA_APPS_ENABLED=True' environment variable."
                .to_owned(),
        ));
    }
    let all = query.get("all").is_some_and(|all| all == "true");
    let world = waha.world();
    let shown = world.sessions.values().filter(|session| all || session.is_running());
    Ok(nest::ok(&shown.map(Session::listed).collect::<Vec<_>>()))
}

/// `start` is false unless said otherwise, whatever the documentation says.
async fn create(State(waha): State<Arc<Waha>>, Body(body): Body) -> Result<Response, Refusal> {
    let name = text(&body, "name").filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(identifiers::session_name);
    let complaints = name_complaints(&name);
    let config = match SessionConfig::parse(&body) {
        Ok(config) if complaints.is_empty() => config,
        Ok(_) => return Err(Refusal::Invalid(complaints)),
        Err(more) => return Err(Refusal::Invalid([complaints, more].concat())),
    };
    waha.create(&name, config)?;
    if body.get("start").and_then(Value::as_bool).unwrap_or(false) {
        waha.start(&name)?;
    }
    waha.with(&name, |session| {
        nest::created(&json!({
            "name": session.name,
            "status": session.status,
            "config": session.config,
        }))
    })
}

async fn show(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    shown(&waha, &name, StatusCode::OK)
}

/// The new configuration replaces the old one whole.
async fn update(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
    Body(body): Body,
) -> Result<Response, Refusal> {
    let config = SessionConfig::parse(&body).map_err(Refusal::Invalid)?;
    waha.reconfigure(&name, config).await?;
    shown(&waha, &name, StatusCode::OK)
}

async fn delete(State(waha): State<Arc<Waha>>, Path(name): Path<String>) -> StatusCode {
    waha.delete(&name).await;
    StatusCode::OK
}

async fn me(State(waha): State<Arc<Waha>>, Path(name): Path<String>) -> Result<Response, Refusal> {
    waha.with(&name, |session| match &session.me {
        Some(me) => nest::ok(me),
        None => StatusCode::OK.into_response(),
    })
}

async fn start(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    waha.start(&name)?;
    shown(&waha, &name, StatusCode::CREATED)
}

async fn stop(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    waha.stop(&name).await?;
    shown(&waha, &name, StatusCode::CREATED)
}

async fn restart(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    waha.restart(&name).await?;
    shown(&waha, &name, StatusCode::CREATED)
}

async fn logout(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    waha.logout(&name).await?;
    shown(&waha, &name, StatusCode::CREATED)
}

fn shown(waha: &Waha, name: &str, status: StatusCode) -> Result<Response, Refusal> {
    waha.with(name, |session| nest::json(status, &session.detailed(waha.options.engine)))
}

fn name_complaints(name: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        complaints.push(
            "Session name can only contain alphanumeric characters, hyphens, and underscores \
             (a-z, A-Z, 0-9, -, _) or be empty"
                .to_owned(),
        );
    }
    if name.len() > NAME_LENGTH_MAX {
        complaints
            .push(format!("name must be shorter than or equal to {NAME_LENGTH_MAX} characters"));
    }
    complaints
}

//! The simulator's own routes, under `/simulator`: look at the ledger, play the phone, set rules.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::json;

use crate::{misbehaviour::Rule, nest, nest::refusal::Refusal, session::SessionStatus, waha::Waha};

pub(super) fn routes() -> Router<Arc<Waha>> {
    Router::new()
        .route("/ledger", get(ledger))
        .route("/webhooks", get(webhooks))
        .route("/rules", get(rules).post(add_rule).delete(clear_rules))
        .route("/delay", put(delay))
        .route("/restart", post(restart))
        .route("/sessions/{session}/scan", post(scan))
        .route("/sessions/{session}/refresh-qr", post(refresh_qr))
        .route("/sessions/{session}/unlink", post(unlink))
        .route("/sessions/{session}/status", put(set_status))
        .route("/sessions/{session}/messages", post(receive))
        .route("/sessions/{session}/messages/{messageId}/ack", put(acknowledge))
        .route("/sessions/{session}/chats/{chatId}/messages", get(chat_messages))
}

type Done = Result<StatusCode, Refusal>;

#[derive(Deserialize)]
struct Delay {
    milliseconds: u64,
}

#[derive(Deserialize)]
struct NewStatus {
    status: SessionStatus,
}

#[derive(Deserialize)]
struct NewAck {
    ack: i8,
}

#[derive(Deserialize)]
struct Incoming {
    from: String,
    body: String,
}

async fn ledger(State(waha): State<Arc<Waha>>) -> Response {
    nest::ok(&waha.world().ledger.entries())
}

async fn webhooks(State(waha): State<Arc<Waha>>) -> Response {
    nest::ok(&waha.world().webhook_attempts)
}

async fn rules(State(waha): State<Arc<Waha>>) -> Response {
    nest::ok(&waha.world().rules.list())
}

async fn add_rule(State(waha): State<Arc<Waha>>, Json(rule): Json<Rule>) -> StatusCode {
    waha.world().rules.add(rule);
    StatusCode::NO_CONTENT
}

async fn clear_rules(State(waha): State<Arc<Waha>>) -> StatusCode {
    waha.world().rules.clear();
    StatusCode::NO_CONTENT
}

async fn delay(State(waha): State<Arc<Waha>>, Json(delay): Json<Delay>) -> StatusCode {
    waha.world().answer_delay = Duration::from_millis(delay.milliseconds);
    StatusCode::NO_CONTENT
}

async fn restart(State(waha): State<Arc<Waha>>) -> StatusCode {
    waha.restart_losing_memory();
    StatusCode::NO_CONTENT
}

async fn scan(State(waha): State<Arc<Waha>>, Path(session): Path<String>) -> Done {
    waha.scan(&session).map(|()| StatusCode::NO_CONTENT)
}

async fn refresh_qr(State(waha): State<Arc<Waha>>, Path(session): Path<String>) -> Done {
    waha.refresh_qr(&session).map(|()| StatusCode::NO_CONTENT)
}

async fn unlink(State(waha): State<Arc<Waha>>, Path(session): Path<String>) -> Done {
    waha.unlink(&session).map(|()| StatusCode::NO_CONTENT)
}

async fn set_status(
    State(waha): State<Arc<Waha>>,
    Path(session): Path<String>,
    Json(new): Json<NewStatus>,
) -> Done {
    waha.set_status(&session, new.status).map(|()| StatusCode::NO_CONTENT)
}

async fn receive(
    State(waha): State<Arc<Waha>>,
    Path(session): Path<String>,
    Json(incoming): Json<Incoming>,
) -> Result<Response, Refusal> {
    let message_id = waha.receive(&session, &incoming.from, &incoming.body)?;
    Ok(nest::created(&json!({ "messageId": message_id })))
}

async fn acknowledge(
    State(waha): State<Arc<Waha>>,
    Path((session, id)): Path<(String, String)>,
    Json(new): Json<NewAck>,
) -> Done {
    waha.acknowledge_now(&session, &id, new.ack).map(|()| StatusCode::NO_CONTENT)
}

async fn chat_messages(
    State(waha): State<Arc<Waha>>,
    Path((session, chat)): Path<(String, String)>,
) -> Response {
    nest::ok(&waha.chat_messages(&session, &chat))
}

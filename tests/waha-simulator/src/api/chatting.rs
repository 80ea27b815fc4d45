//! Chatting: texts, and the small signs around them.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{
    identifiers,
    ledger::Sequence,
    messaging::Outgoing,
    misbehaviour::Acks,
    nest::{
        self,
        body::{Body, text},
        failure::{Echo, Exception, failure},
        refusal::Refusal,
    },
    session::SessionStatus,
    waha::Waha,
};

pub(super) fn routes() -> Router<Arc<Waha>> {
    Router::new()
        .route("/api/sendText", post(send_text))
        .route("/api/sendSeen", post(send_seen))
        .route("/api/startTyping", post(typing))
        .route("/api/stopTyping", post(typing))
        .route("/api/{session}/new-message-id", get(new_message_id))
}

/// Answers with whatever the engine returned. The chat is not checked; without one WAHA stumbles.
async fn send_text(
    State(waha): State<Arc<Waha>>,
    sequence: Option<Extension<Sequence>>,
    acks: Option<Extension<Acks>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let Body(body) = axum::RequestExt::extract(Request::from_parts(parts.clone(), body)).await?;
    let session = working_session(&waha, &body).await?;
    let Some(chat_id) = text(&body, "chatId") else {
        let message = "Cannot read properties of undefined (reading 'includes')";
        let exception = Exception { name: "TypeError", message };
        return Err(failure(&waha.options, &Echo::of(&parts, body), &exception));
    };
    let outgoing = Outgoing {
        session,
        chat_id,
        text: text(&body, "text").unwrap_or_default(),
        chosen_id: text(&body, "id"),
        sequence: sequence.map(|Extension(sequence)| sequence),
        acks: acks.map(|Extension(acks)| acks).unwrap_or_default(),
    };
    let (message, me) = waha.send(outgoing).await?;
    Ok(nest::created(&waha.options.engine.send_answer(&message, me.as_ref())))
}

async fn send_seen(State(waha): State<Arc<Waha>>, Body(body): Body) -> Result<StatusCode, Refusal> {
    working_session(&waha, &body).await?;
    Ok(StatusCode::CREATED)
}

async fn typing(State(waha): State<Arc<Waha>>, Body(body): Body) -> Result<Response, Refusal> {
    working_session(&waha, &body).await?;
    Ok(nest::created(&json!({ "result": true })))
}

async fn new_message_id(
    State(waha): State<Arc<Waha>>,
    Path(session): Path<String>,
) -> Result<Response, Refusal> {
    waha.await_status(&session, SessionStatus::Working).await?;
    if !waha.options.engine.takes_chosen_ids() {
        return Err(Refusal::NotImplemented(waha.options.engine));
    }
    Ok(nest::ok(&json!({ "id": identifiers::message_id() })))
}

/// The session a body names, once it works.
async fn working_session(waha: &Waha, body: &Value) -> Result<String, Refusal> {
    let session = text(body, "session").filter(|session| !session.is_empty());
    let session =
        session.ok_or_else(|| Refusal::BadRequest("Session name is required".to_owned()))?;
    waha.await_status(&session, SessionStatus::Working).await?;
    Ok(session)
}

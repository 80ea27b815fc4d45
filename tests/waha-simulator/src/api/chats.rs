//! Chats: what was said, for those who missed the webhooks.

use std::{collections::HashMap, str::FromStr, sync::Arc};

use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    message::{ChatMessage, chat_name},
    nest,
    nest::refusal::Refusal,
    session::{Session, SessionStatus},
    waha::Waha,
};

const LIMIT: usize = 10;
const CHATS_LIMIT: usize = 20;
/// The name under which all chats are one.
const ALL_CHATS: &str = "all";

pub(super) fn routes() -> Router<Arc<Waha>> {
    Router::new()
        .route("/api/{session}/chats/overview", get(list_chats))
        .route("/api/{session}/chats/{chatId}/messages", get(list_messages))
        .route("/api/{session}/chats/{chatId}/messages/{messageId}", get(show_message))
}

type Parameters = HashMap<String, String>;

/// The chat last written in first.
async fn list_chats(
    State(waha): State<Arc<Waha>>,
    Path(name): Path<String>,
    Query(query): Query<Parameters>,
) -> Result<Response, Refusal> {
    let chats = messages_of(&waha, &name, ALL_CHATS, |session, messages| {
        let mut latest: Vec<&ChatMessage> = Vec::new();
        for message in messages.into_iter().rev() {
            if latest.iter().all(|later| later.chat_id != message.chat_id) {
                latest.push(message);
            }
        }
        let page = latest
            .into_iter()
            .skip(parsed(&query, "offset").unwrap_or(0))
            .take(parsed(&query, "limit").unwrap_or(CHATS_LIMIT));
        page.map(|message| summary(&waha, session, message)).collect::<Vec<_>>()
    });
    Ok(nest::ok(&chats.await?))
}

/// Newest first, unless asked for otherwise.
async fn list_messages(
    State(waha): State<Arc<Waha>>,
    Path((name, chat)): Path<(String, String)>,
    Query(query): Query<Parameters>,
) -> Result<Response, Refusal> {
    let messages = messages_of(&waha, &name, &chat, |session, messages| {
        let mut found: Vec<_> =
            messages.into_iter().filter(|message| is_wanted(&query, message)).collect();
        if query.get("sortOrder").is_none_or(|order| order != "asc") {
            found.reverse();
        }
        let page = found
            .into_iter()
            .skip(parsed(&query, "offset").unwrap_or(0))
            .take(parsed(&query, "limit").unwrap_or(LIMIT));
        page.map(|message| payload(&waha, session, message)).collect::<Vec<_>>()
    });
    Ok(nest::ok(&messages.await?))
}

async fn show_message(
    State(waha): State<Arc<Waha>>,
    Path((name, chat, id)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let message = messages_of(&waha, &name, &chat, |session, messages| {
        let found = messages.into_iter().find(|message| message.has_id(&id));
        found.map(|message| payload(&waha, session, message))
    });
    let message =
        message.await?.ok_or_else(|| Refusal::NotFound("Message not found".to_owned()))?;
    Ok(nest::ok(&message))
}

/// Does something with a chat's messages, oldest first, once the session works.
async fn messages_of<T>(
    waha: &Waha,
    name: &str,
    chat: &str,
    act: impl FnOnce(&Session, Vec<&ChatMessage>) -> T,
) -> Result<T, Refusal> {
    waha.await_status(name, SessionStatus::Working).await?;
    let chat_name = chat_name(chat);
    waha.with(name, |session| {
        if waha.options.engine.needs_store() && !session.keeps_store() {
            return Err(Refusal::BadRequest(
                "Enable NOWEB store \"config.noweb.store.enabled=True\" and \
                 \"config.noweb.store.full_sync=True\" when starting a new session. \
                 Read more: https://waha.devlike.pro/docs/engines/noweb#store"
                    .to_owned(),
            ));
        }
        let in_chat = |message: &&ChatMessage| chat == ALL_CHATS || message.chat_id == chat_name;
        Ok(act(session, session.messages.iter().filter(in_chat).collect()))
    })?
}

fn is_wanted(query: &Parameters, message: &ChatMessage) -> bool {
    let seconds = message.at.timestamp();
    parsed(query, "filter.timestamp.gte").is_none_or(|least: i64| seconds >= least)
        && parsed(query, "filter.timestamp.lte").is_none_or(|most: i64| seconds <= most)
        && parsed(query, "filter.fromMe").is_none_or(|from_me: bool| message.from_me == from_me)
        && query.get("filter.ack").is_none_or(|ack| message.ack_name() == ack)
}

fn parsed<T: FromStr>(query: &Parameters, name: &str) -> Option<T> {
    query.get(name).and_then(|value| value.parse().ok())
}

/// A chat as the overview shows it, by its last message.
fn summary(waha: &Waha, session: &Session, last: &ChatMessage) -> Value {
    json!({
        "id": last.chat_id,
        "name": null,
        "picture": null,
        "lastMessage": payload(waha, session, last),
        "_chat": { "id": last.chat_id, "conversationTimestamp": last.at.timestamp() },
    })
}

fn payload(waha: &Waha, session: &Session, message: &ChatMessage) -> Value {
    waha.options.engine.message_payload(message, session.me.as_ref())
}

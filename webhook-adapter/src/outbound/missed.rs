//! Looking for what was missed: `GET /api/{session}/chats/overview`, and the messages of chats.
//!
//! The overview has the chat last written in first, and each chat's last message as WAHA tells any message. What is
//! listed is read as a webhook about it would be.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::missed::{Chat, MissedReader, Page};
use domain::ports::waha::{GatewayError, Observation, SessionAddress};
use domain::whatsapp::ChatId;
use http::Method;
use serde_json::Value;

use super::WahaClient;
use super::exchange::exchange;
use super::verdict;
use crate::address;
use crate::inbound::reader::{moment, read_listed};

#[async_trait]
impl MissedReader for WahaClient {
    async fn chats(
        &self,
        session: SessionAddress<'_>,
        page: Page,
    ) -> Result<Vec<Chat>, GatewayError> {
        let mut url = self.url(&["api", session.waha_session, "chats", "overview"]);
        url.query_pairs_mut()
            .append_pair("limit", &page.limit.to_string())
            .append_pair("offset", &page.offset.to_string());
        let body = verdict::body(exchange(self.request_to(Method::GET, url)).await)?;
        let now = self.ambient.now();
        match verdict::json(&body) {
            Value::Array(chats) => Ok(chats.iter().map(|chat| read_chat(chat, now)).collect()),
            _ => Err(GatewayError::Unavailable("WAHA's list of chats cannot be read".to_owned())),
        }
    }

    async fn messages(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        since: DateTime<Utc>,
        page: Page,
    ) -> Result<Vec<Observation>, GatewayError> {
        let (since, offset) = (since.timestamp().to_string(), page.offset.to_string());
        let filter = [("filter.timestamp.gte", since.as_str()), ("offset", offset.as_str())];
        let listed = self.list_messages(session.waha_session, chat_id, page.limit, &filter).await?;
        let now = self.ambient.now();
        Ok(listed.iter().map(|message| read_listed(message, now)).collect())
    }
}

/// An engine's own id of a chat may be an object.
fn read_chat(chat: &Value, now: DateTime<Utc>) -> Chat {
    let id = chat["id"].as_str().or_else(|| chat["id"]["_serialized"].as_str());
    let last = &chat["lastMessage"];
    Chat {
        chat_id: id.and_then(address::chat),
        last_at: moment::read(&last["timestamp"]),
        last: read_listed(last, now),
    }
}

//! Looking at chats: `GET /api/{session}/chats/{chatId}/messages`.
//!
//! Every engine lists messages as WAHA's `WAMessage`, whatever it answers to a send. Times are WhatsApp's, in whole
//! seconds. NOWEB lists only what its store has kept, and answers 400 without one.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::message::doubt::Sighting;
use domain::ports::waha::{ChatReader, GatewayError, OwnMessage, OwnMessages, SessionAddress};
use domain::whatsapp::{Ack, ChatId};
use http::Method;
use serde_json::Value;

use super::WahaClient;
use super::exchange::exchange;
use super::verdict;
use crate::inbound::reader::moment;
use crate::message_id;

/// Messages looked at in a chat. Ours are a few a minute.
const MESSAGES_MAX: usize = 200;

/// How much older than a message another must be to show that WAHA's memory reaches back beyond it: more than
/// clocks are apart.
const OLDER_BY: TimeDelta = TimeDelta::minutes(5);

#[async_trait]
impl ChatReader for WahaClient {
    async fn own_messages(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        since: DateTime<Utc>,
    ) -> Result<OwnMessages, GatewayError> {
        let since = since.timestamp().to_string();
        let filter = [("filter.timestamp.gte", since.as_str()), ("filter.fromMe", "true")];
        let listed =
            self.list_messages(session.waha_session, chat_id, MESSAGES_MAX, &filter).await?;
        let own: Vec<_> = listed.iter().filter(|message| is_own(message)).collect();
        let messages: Vec<_> = own.iter().filter_map(|message| own_message(message)).collect();
        // What cannot be read may be the message that is looked for.
        let is_complete = messages.len() == own.len() && listed.len() < MESSAGES_MAX;
        Ok(OwnMessages { messages, is_complete })
    }

    /// WAHA's own uptime is asked for rather than when it started: that needs no clocks that agree.
    async fn remembers(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        at: DateTime<Utc>,
    ) -> Result<bool, GatewayError> {
        let asked_at = self.ambient.now();
        let request = self.request(Method::GET, &["api", "server", "status"]);
        let status = verdict::json(&verdict::body(exchange(request).await)?);
        let uptime = status["uptime"].as_i64().and_then(TimeDelta::try_milliseconds);
        let up_since = uptime.and_then(|uptime| asked_at.checked_sub_signed(uptime));
        if up_since.is_some_and(|since| since <= at) {
            return Ok(true);
        }
        let before = (at - OLDER_BY).timestamp().to_string();
        Ok(!self
            .list_messages(
                session.waha_session,
                chat_id,
                1,
                &[("filter.timestamp.lte", before.as_str())],
            )
            .await?
            .is_empty())
    }
}

impl WahaClient {
    /// A chat's messages, newest first; media are left where they are.
    pub(super) async fn list_messages(
        &self,
        waha_session: &str,
        chat_id: &ChatId,
        limit: usize,
        filter: &[(&str, &str)],
    ) -> Result<Vec<Value>, GatewayError> {
        let mut url = self.url(&["api", waha_session, "chats", &chat_id.0, "messages"]);
        url.query_pairs_mut()
            .append_pair("limit", &limit.to_string())
            .append_pair("sortOrder", "desc")
            .append_pair("downloadMedia", "false")
            .extend_pairs(filter);
        let request = self.request_to(Method::GET, url);
        let body = verdict::body(exchange(request).await)?;
        match verdict::json(&body) {
            Value::Array(messages) => Ok(messages),
            _ => {
                Err(GatewayError::Unavailable("WAHA's list of messages cannot be read".to_owned()))
            }
        }
    }
}

fn is_own(message: &Value) -> bool {
    let told = message["fromMe"].as_bool().or_else(|| message_id::is_own(&message["id"]));
    told.unwrap_or(true)
}

fn own_message(message: &Value) -> Option<OwnMessage> {
    let sighting = Sighting {
        waha_message_id: message_id::find(&message["id"])?,
        ack: message["ack"].as_i64().and_then(Ack::from_waha).unwrap_or(Ack::Pending),
        at: moment::read(&message["timestamp"])?,
    };
    Some(OwnMessage { sighting, body: message["body"].as_str().unwrap_or_default().to_owned() })
}

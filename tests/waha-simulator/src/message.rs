//! A message in a chat, and the names of its acknowledgements.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// The message could not be delivered.
pub(crate) const ACK_ERROR: i8 = -1;
/// The message waits on this side.
pub(crate) const ACK_PENDING: i8 = 0;
/// The message reached WhatsApp.
pub(crate) const ACK_SERVER: i8 = 1;
/// The message reached the phone.
pub(crate) const ACK_DEVICE: i8 = 2;
/// The message was read.
pub(crate) const ACK_READ: i8 = 3;

/// One message in one chat, as the phone would show it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// The bare id, without chat and direction.
    pub message_id: String,
    /// The chat, as `N@c.us`, `N@lid` or `N@g.us`.
    pub chat_id: String,
    /// Whether this account wrote it.
    pub from_me: bool,
    /// The text.
    pub body: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The last acknowledgement: -1 ERROR, 0 PENDING, 1 SERVER, 2 DEVICE, 3 READ.
    pub ack: i8,
}

impl ChatMessage {
    /// The id WAHA shows: direction, chat and bare id.
    pub(crate) fn serialized_id(&self) -> String {
        format!("{}_{}_{}", self.from_me, self.chat_id, self.message_id)
    }

    /// Whether `id` names this message, bare or in full.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        id == self.message_id || id == self.serialized_id()
    }

    pub(crate) fn ack_name(&self) -> &'static str {
        match self.ack {
            ACK_ERROR => "ERROR",
            ACK_PENDING => "PENDING",
            ACK_SERVER => "SERVER",
            ACK_DEVICE => "DEVICE",
            ACK_READ => "READ",
            _ => "UNKNOWN",
        }
    }

    /// `message.ack`, or `message.ack.group` in a group.
    pub(crate) fn ack_event(&self) -> &'static str {
        if self.chat_id.ends_with("@g.us") { "message.ack.group" } else { "message.ack" }
    }
}

/// The chat as WAHA names it: a number alone is a user, and the engines' own form is not shown.
pub(crate) fn chat_name(chat_id: &str) -> String {
    match chat_id.split_once('@') {
        None => format!("{chat_id}@c.us"),
        Some((user, "s.whatsapp.net")) => format!("{user}@c.us"),
        Some(_) => chat_id.to_owned(),
    }
}

/// The chat as the engines address it.
pub(crate) fn jid(chat_id: &str) -> String {
    chat_id.replace("@c.us", "@s.whatsapp.net")
}

//! The engines behind WAHA. Each answers a send in its own raw format, kept on purpose.

mod gows;
mod noweb;
mod webjs;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{message::ChatMessage, session::Me};

/// The engine whose raw formats are answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "UPPERCASE")]
pub enum Engine {
    /// Baileys, over a web socket.
    Noweb,
    /// whatsmeow, in Go.
    Gows,
    /// whatsapp-web.js, in Chromium.
    Webjs,
}

impl Engine {
    /// The name, as WAHA writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Noweb => "NOWEB",
            Self::Gows => "GOWS",
            Self::Webjs => "WEBJS",
        }
    }

    /// The answer to a send: whatever the engine returned.
    pub(crate) fn send_answer(self, message: &ChatMessage, me: Option<&Me>) -> Value {
        match self {
            Self::Noweb => noweb::raw(message),
            Self::Gows => gows::send_answer(message, me),
            Self::Webjs => webjs::raw(message, me),
        }
    }

    /// The payload of `message` and `message.any`, and an element of a chat's messages.
    pub(crate) fn message_payload(self, message: &ChatMessage, me: Option<&Me>) -> Value {
        match self {
            Self::Noweb => noweb::message_payload(message),
            Self::Gows => gows::message_payload(message, me),
            Self::Webjs => webjs::message_payload(message, me),
        }
    }

    /// The payload of `message.ack`.
    pub(crate) fn ack_payload(self, message: &ChatMessage, me: Option<&Me>) -> Value {
        match self {
            Self::Noweb => noweb::ack_payload(message),
            Self::Gows => gows::ack_payload(message),
            Self::Webjs => webjs::message_payload(message, me),
        }
    }

    /// Whether a send may bring its own message id.
    pub(crate) fn takes_chosen_ids(self) -> bool {
        self != Self::Webjs
    }

    /// Whether a scanned code leads through STARTING again before WORKING.
    pub(crate) fn reconnects_after_scan(self) -> bool {
        self == Self::Noweb
    }

    /// Whether chats are kept only in a store that a session must ask for.
    pub(crate) fn needs_store(self) -> bool {
        self == Self::Noweb
    }
}

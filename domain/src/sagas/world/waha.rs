//! A WAHA that may carry a call out or not, and answer or not, and a WhatsApp behind it.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use crate::id::MessageId;
use crate::message::doubt::Sighting;
use crate::ports::waha::{Observation, OwnMessage, OwnMessages};
use crate::whatsapp::{Ack, ChatId, WahaMessageId};

/// What becomes of a call. Nobody lies: what is refused was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    /// The answer is one without an id: so do some engines.
    SentNamelessly,
    SentWithoutAnswer,
    Refused,
    /// Neither sent nor answered.
    Vanished,
}

impl Fate {
    const fn is_sent(self) -> bool {
        matches!(self, Self::Sent | Self::SentNamelessly | Self::SentWithoutAnswer)
    }
}

pub(super) fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Sent),
        1 => Just(Fate::SentNamelessly),
        3 => Just(Fate::SentWithoutAnswer),
        2 => Just(Fate::Refused),
        3 => Just(Fate::Vanished),
    ]
}

/// A message that reached WhatsApp.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) message: MessageId,
    pub(super) id: WahaMessageId,
    body: String,
    ack: Ack,
    at: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub(super) struct Waha {
    pub(super) sends: Vec<Send>,
    /// What is told of them. A webhook may come late, never, or again and again.
    pub(super) webhooks: Vec<Observation>,
}

impl Waha {
    /// Takes a call; the id it went out under, if it did.
    pub(super) fn take(
        &mut self,
        message: MessageId,
        chosen: Option<WahaMessageId>,
        fate: Fate,
        at: DateTime<Utc>,
    ) -> Option<WahaMessageId> {
        if !fate.is_sent() {
            return None;
        }
        let id = chosen.unwrap_or_else(|| WahaMessageId(format!("ITS-OWN-{}", self.sends.len())));
        let chat_id = Some(ChatId("6281234567890@c.us".to_owned()));
        self.webhooks.push(Observation::Echoed { waha_message_id: id.clone(), chat_id, at });
        let (body, ack) = (body_of(message), Ack::Pending);
        self.sends.push(Send { message, id: id.clone(), body, ack, at });
        Some(id)
    }

    /// WhatsApp acknowledges one of them.
    pub(super) fn acknowledge(&mut self, index: usize, ack: Ack, at: DateTime<Utc>) {
        let count = self.sends.len();
        let Some(send) = self.sends.get_mut(index % count.max(1)) else { return };
        send.ack = send.ack.max(ack);
        let waha_message_id = send.id.clone();
        self.webhooks.push(Observation::Acknowledged { waha_message_id, ack, at });
    }

    /// The chat, as it is shown.
    pub(super) fn chat(&self) -> OwnMessages {
        let show = |send: &Send| {
            let sighting =
                Sighting { waha_message_id: send.id.clone(), ack: send.ack, at: send.at };
            OwnMessage { sighting, body: send.body.clone() }
        };
        OwnMessages { messages: self.sends.iter().map(show).collect(), is_complete: true }
    }
}

/// Every message has a text of its own: what is made of texts that are alike is told in `recognition`.
pub(super) fn body_of(message: MessageId) -> String {
    format!("Hello {message}")
}

//! The webhook saga's pure half: which command an observation asks for.

use crate::id::{MessageId, SessionId};
use crate::message::{self, event::Received};
use crate::ports::waha::Observation;
use crate::session;
use crate::whatsapp::{Ack, WahaMessageId};

use chrono::{DateTime, Utc};

/// What follows from an observation.
#[derive(Debug, Clone, PartialEq)]
pub enum Reaction {
    /// Find the message with this id, and tell it; keep the news if there is none yet.
    Acknowledge(Acknowledgement),
    /// Tell this message.
    Message(MessageId, message::Command),
    /// Tell the session.
    Session(session::Command),
    /// Nothing: a known event without a consequence.
    Nothing,
    /// Nothing: an event this version cannot read.
    Unrecognised,
}

/// News of a message known only by WhatsApp's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// WhatsApp's id.
    pub waha_message_id: WahaMessageId,
    /// How far it has come.
    pub ack: Ack,
    /// When, by WAHA's clock.
    pub at: DateTime<Utc>,
}

impl Acknowledgement {
    /// The command it is to its message.
    pub fn into_command(self) -> message::Command {
        let Self { waha_message_id, ack, at } = self;
        message::Command::Acknowledge { ack, waha_message_id, at }
    }
}

/// What follows from an observation made in a session.
pub fn react(session_id: SessionId, observation: Observation) -> Reaction {
    match observation {
        Observation::Acknowledged { waha_message_id, ack, at } => {
            Reaction::Acknowledge(Acknowledgement { waha_message_id, ack, at })
        }
        Observation::Arrived(arrival) => {
            let waha_id = &arrival.waha_message_id.0;
            let id = MessageId::of_inbound(session_id, waha_id, arrival.participant.as_deref());
            let received = Received {
                session_id,
                chat_id: arrival.chat_id,
                from: arrival.from,
                body: arrival.body,
                kind: arrival.kind,
                waha_message_id: arrival.waha_message_id,
                at: arrival.at,
            };
            Reaction::Message(id, message::Command::Receive(Box::new(received)))
        }
        Observation::SessionSeen(report) => Reaction::Session(session::Command::Report(report)),
        Observation::Nothing => Reaction::Nothing,
        Observation::Unrecognised => Reaction::Unrecognised,
    }
}

//! The ledger: everything the simulator was asked to send, and what came of it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::clock;

/// What came of a request to send.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Outcome {
    /// Not answered yet; `message_id` tells whether the message is already sent.
    InProgress,
    /// Sent, and said so.
    Sent,
    /// Not sent, and said so.
    Refused {
        /// The status of the answer.
        status: u16,
    },
    /// Sent, but the answer said otherwise, or (201) said nothing.
    SentButAnsweredWith {
        /// The status of the answer.
        status: u16,
    },
    /// Never answered.
    Hung {
        /// Whether the message was sent.
        sent: bool,
    },
    /// The connection was reset.
    Reset {
        /// Whether the message was sent.
        sent: bool,
    },
}

/// One request to send a text.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// The place in the order of arrival, from zero.
    pub sequence: usize,
    /// The session asked to send.
    pub session: String,
    /// The chat, as the request named it.
    pub chat_id: String,
    /// The text.
    pub text: String,
    /// The message id the request brought.
    pub requested_id: Option<String>,
    /// The bare id the message was sent under; `None` if it was not sent.
    pub message_id: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// When the request arrived.
    pub at: DateTime<Utc>,
}

impl LedgerEntry {
    /// Whether the message left, whatever was answered.
    pub fn is_sent(&self) -> bool {
        self.message_id.is_some()
    }
}

/// How a request ended, seen from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Answered {
    Honestly { status: u16 },
    Falsely { status: u16 },
    Never,
    ByReset,
}

/// The place of an entry, which travels with the request to whoever sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sequence(usize);

/// All entries, in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Vec<LedgerEntry>);

impl Ledger {
    /// Notes a request.
    pub(crate) fn open(
        &mut self,
        session: String,
        chat_id: String,
        text: String,
        requested_id: Option<String>,
    ) -> Sequence {
        let sequence = self.0.len();
        self.0.push(LedgerEntry {
            sequence,
            session,
            chat_id,
            text,
            requested_id,
            message_id: None,
            outcome: Outcome::InProgress,
            at: clock::now(),
        });
        Sequence(sequence)
    }

    /// Notes that the message left.
    pub(crate) fn sent(&mut self, Sequence(place): Sequence, message_id: &str) {
        if let Some(entry) = self.0.get_mut(place) {
            entry.message_id = Some(message_id.to_owned());
        }
    }

    /// Notes the answer.
    pub(crate) fn conclude(&mut self, Sequence(place): Sequence, answered: Answered) {
        if let Some(entry) = self.0.get_mut(place) {
            let sent = entry.is_sent();
            entry.outcome = match answered {
                Answered::Honestly { .. } if sent => Outcome::Sent,
                Answered::Falsely { status } if sent => Outcome::SentButAnsweredWith { status },
                Answered::Honestly { status } | Answered::Falsely { status } => {
                    Outcome::Refused { status }
                }
                Answered::Never => Outcome::Hung { sent },
                Answered::ByReset => Outcome::Reset { sent },
            };
        }
    }

    /// Notes that whatever was under way is cut off.
    pub(crate) fn cut_off(&mut self) {
        for entry in self.0.iter_mut().filter(|entry| entry.outcome == Outcome::InProgress) {
            entry.outcome = Outcome::Reset { sent: entry.is_sent() };
        }
    }

    pub(crate) fn entries(&self) -> Vec<LedgerEntry> {
        self.0.clone()
    }
}

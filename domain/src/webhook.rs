//! A webhook, as WAHA delivered it and before anything is made of it.
//!
//! The stream's id is made of what identifies the webhook (session, event name, event id), so a second
//! delivery meets the first. A repeat is a label on a fact already stored; the same identity with another
//! body is another fact and is kept whole. Invariant: nothing that was verified is ever thrown away.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::id::SessionId;
use crate::stream::Category;

/// The state of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Webhook {
    /// Not seen.
    #[default]
    Absent,
    /// Seen.
    Known {
        /// Fingerprints of the bodies that came under this identity.
        fingerprints: Vec<String>,
        /// Those of the bodies that were acted upon.
        processed: Vec<String>,
    },
}

/// What may be asked of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Keep it.
    Receive(Box<Received>),
    /// Note what came of it.
    RecordEffect {
        /// Of which body.
        fingerprint: String,
        /// What came of it.
        effect: Effect,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Something that happened to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It came.
    Received(Box<Received>),
    /// It came again, the same to the letter.
    Repeated(Repeated),
    /// It was read and acted upon.
    Processed(Processed),
}

/// It came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Received {
    /// WAHA's name of the session.
    pub waha_session: String,
    /// Our session, if it is one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The event's name, such as `message.ack`.
    pub event: String,
    /// WAHA's id of it.
    pub event_id: String,
    /// SHA-256 of the body, in hexadecimal.
    pub fingerprint: String,
    /// The body, as it came.
    pub body: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// It came again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repeated {
    /// When.
    pub at: DateTime<Utc>,
}

/// It was read and acted upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Processed {
    /// Of which body.
    pub fingerprint: String,
    /// What came of it.
    pub effect: Effect,
    /// When.
    pub at: DateTime<Utc>,
}

/// What came of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It told something new.
    Applied,
    /// What it told was known.
    AlreadyKnown,
    /// It speaks of a message not known yet; kept until it is.
    Held,
    /// It is of a kind that changes nothing here.
    Ignored,
    /// Its event or shape is not known to this version; kept and counted.
    Unrecognised,
    /// It is of a session that is not ours.
    Orphaned,
}

impl Effect {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::AlreadyKnown => "already_known",
            Self::Held => "held",
            Self::Ignored => "ignored",
            Self::Unrecognised => "unrecognised",
            Self::Orphaned => "orphaned",
        }
    }
}

/// Why a webhook refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such webhook.
    #[error("there is no such webhook")]
    Unknown,
}

impl Aggregate for Webhook {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::Webhook;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Receive(received)) => Ok(vec![Event::Received(received)]),
            (Self::Known { fingerprints, .. }, Command::Receive(received)) => {
                if fingerprints.contains(&received.fingerprint) {
                    Ok(vec![Event::Repeated(Repeated { at: received.at })])
                } else {
                    Ok(vec![Event::Received(received)])
                }
            }
            (Self::Absent, Command::RecordEffect { .. }) => Err(Rejection::Unknown),
            (
                Self::Known { processed, .. },
                Command::RecordEffect { fingerprint, effect, now: at },
            ) => {
                if processed.contains(&fingerprint) {
                    Ok(vec![])
                } else {
                    Ok(vec![Event::Processed(Processed { fingerprint, effect, at })])
                }
            }
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::Absent, Event::Received(received)) => {
                Self::Known { fingerprints: vec![received.fingerprint.clone()], processed: vec![] }
            }
            (Self::Known { mut fingerprints, processed }, Event::Received(received)) => {
                fingerprints.push(received.fingerprint.clone());
                Self::Known { fingerprints, processed }
            }
            (Self::Known { fingerprints, mut processed }, Event::Processed(event)) => {
                processed.push(event.fingerprint.clone());
                Self::Known { fingerprints, processed }
            }
            (state, Event::Repeated(_) | Event::Processed(_)) => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(fingerprint: &str) -> Box<Received> {
        Box::new(Received {
            waha_session: "s".into(),
            session_id: None,
            event: "message".into(),
            event_id: "evt_1".into(),
            fingerprint: fingerprint.into(),
            body: "{}".into(),
            at: DateTime::UNIX_EPOCH,
        })
    }

    #[test]
    fn a_repeat_is_a_label_and_another_body_another_fact() {
        let known = Webhook::replay(&[Event::Received(received("a"))]);
        assert_eq!(
            known.decide(Command::Receive(received("a"))),
            Ok(vec![Event::Repeated(Repeated { at: DateTime::UNIX_EPOCH })])
        );
        assert_eq!(
            known.decide(Command::Receive(received("b"))),
            Ok(vec![Event::Received(received("b"))])
        );
    }

    #[test]
    fn each_body_is_acted_upon_once_however_often_that_is_said() {
        let now = DateTime::UNIX_EPOCH;
        let (fingerprint, effect) = ("a".to_owned(), Effect::Applied);
        let record = Command::RecordEffect { fingerprint: fingerprint.clone(), effect, now };
        let processed = Event::Processed(Processed { fingerprint, effect, at: now });
        let mut history = vec![Event::Received(received("a")), Event::Received(received("b"))];
        assert_eq!(Webhook::replay(&history).decide(record.clone()), Ok(vec![processed.clone()]));
        history.push(processed);
        assert_eq!(Webhook::replay(&history).decide(record), Ok(vec![]));
    }
}

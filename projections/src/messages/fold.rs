//! What a batch of events makes of the messages it touches. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::message::content::ContentKind;
use domain::message::event::{DeadLetterReason, Event as MessageEvent, Queued, Received};
use domain::phone::PhoneNumber;
use domain::ports::event_log::RecordedEvent;
use domain::stream::Position;
use serde_json::{Map, Value};
use sqlx::FromRow;
use uuid::Uuid;

use super::status::{Direction, MessageStatus};
use crate::batch::{integer, storable_text, storable_time};
use crate::touched::{Key, key};

/// The messages a batch touches.
pub(crate) type Known = BTreeMap<Key, Message>;

/// What the fold needs to know of a message.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub(crate) struct Message {
    pub(crate) tenant_id: Uuid,
    pub(crate) id: Uuid,
    #[sqlx(flatten)]
    pub(crate) traits: Traits,
    #[sqlx(flatten)]
    pub(crate) standing: Standing,
}

/// What a message is counted by and never changes.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct Traits {
    pub(crate) session_id: Uuid,
    #[sqlx(try_from = "String")]
    pub(crate) direction: Direction,
    #[sqlx(rename = "type")]
    pub(crate) kind: String,
    pub(crate) country: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) send_at: Option<DateTime<Utc>>,
}

/// What changes in a message's life.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct Standing {
    #[sqlx(try_from = "String")]
    pub(crate) status: MessageStatus,
    pub(crate) attempts: i32,
    pub(crate) waha_message_id: Option<String>,
    pub(crate) sent_at: Option<DateTime<Utc>>,
    pub(crate) ack_overdue_at: Option<DateTime<Utc>>,
    pub(crate) delivered_at: Option<DateTime<Utc>>,
    pub(crate) read_at: Option<DateTime<Utc>>,
    pub(crate) played_at: Option<DateTime<Utc>>,
    pub(crate) failed_at: Option<DateTime<Utc>>,
    pub(crate) last_error: Option<String>,
    pub(crate) dead_letter_reason: Option<String>,
    pub(crate) position_first: i64,
    pub(crate) position_second: i64,
}

/// What a message says, and the rest that is written once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Content {
    pub(crate) recipient: Option<String>,
    pub(crate) sender: Option<String>,
    pub(crate) body: String,
    pub(crate) priority: Option<&'static str>,
    pub(crate) client_reference: Option<String>,
    pub(crate) metadata: Value,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Content {
    /// What is searched: the text and the number, kept apart by a character that nobody searches for.
    pub(super) fn searched(&self) -> String {
        let number = self.recipient.as_deref().or(self.sender.as_deref()).unwrap_or_default();
        format!("{}\u{1f}{number}", self.body)
    }
}

/// A message first seen in this batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Birth {
    pub(crate) message: Message,
    pub(crate) content: Content,
}

/// What to write.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Folded {
    pub(crate) born: Vec<Birth>,
    pub(crate) known: Vec<Message>,
}

/// The state after the events of messages of which these were known.
pub(crate) fn fold(mut known: Known, events: &[Arc<RecordedEvent>]) -> Folded {
    let mut born = BTreeMap::<Key, Birth>::new();
    for recorded in events {
        let Event::Message(event) = &recorded.event else { continue };
        let key = key(recorded);
        let birth = match event {
            MessageEvent::Queued(queued) => Some(queued_birth(key, queued)),
            MessageEvent::Received(received) => Some(received_birth(key, received)),
            _ => None,
        };
        if let Some(birth) = birth {
            born.insert(key, birth);
        }
        let message = born.get_mut(&key).map(|birth| &mut birth.message).or(known.get_mut(&key));
        if let Some(message) = message {
            message.standing.evolve(event);
            message.standing.seen(recorded.position);
        }
    }
    Folded { born: born.into_values().collect(), known: known.into_values().collect() }
}

fn queued_birth((tenant_id, id): Key, queued: &Queued) -> Birth {
    let is_later = queued.send_at.is_some_and(|send_at| send_at > queued.at);
    let status = if is_later { MessageStatus::Scheduled } else { MessageStatus::Queued };
    let traits = Traits {
        session_id: queued.session_id.0,
        direction: Direction::Outbound,
        kind: ContentKind::Text.as_str().to_owned(),
        country: queued.to.country().map(|country| country.to_string()),
        created_at: storable_time(queued.at),
        send_at: queued.send_at.map(storable_time),
    };
    let content = Content {
        recipient: Some(queued.to.to_string()),
        sender: None,
        body: storable_text(queued.body.as_str()),
        priority: Some(queued.priority.as_str()),
        client_reference: queued.client_reference.as_ref().map(|text| text.as_str().to_owned()),
        metadata: Value::Object(queued.metadata.clone().into()),
        expires_at: queued.expires_at.map(storable_time),
    };
    Birth { message: Message { tenant_id, id, traits, standing: Standing::new(status) }, content }
}

fn received_birth((tenant_id, id): Key, received: &Received) -> Birth {
    let traits = Traits {
        session_id: received.session_id.0,
        direction: Direction::Inbound,
        kind: received.kind.as_str().to_owned(),
        country: received.from.as_ref().and_then(PhoneNumber::country).map(|c| c.to_string()),
        created_at: storable_time(received.at),
        send_at: None,
    };
    let chat = || storable_text(&received.chat_id.0);
    let content = Content {
        recipient: None,
        sender: Some(received.from.as_ref().map_or_else(chat, ToString::to_string)),
        body: storable_text(&received.body),
        priority: None,
        client_reference: None,
        metadata: Value::Object(Map::new()),
        expires_at: None,
    };
    let standing = Standing {
        waha_message_id: Some(storable_text(&received.waha_message_id.0)),
        delivered_at: Some(storable_time(received.at)),
        ..Standing::new(MessageStatus::Delivered)
    };
    Birth { message: Message { tenant_id, id, traits, standing }, content }
}

impl Standing {
    const fn new(status: MessageStatus) -> Self {
        Self {
            status,
            attempts: 0,
            waha_message_id: None,
            sent_at: None,
            ack_overdue_at: None,
            delivered_at: None,
            read_at: None,
            played_at: None,
            failed_at: None,
            last_error: None,
            dead_letter_reason: None,
            position_first: 0,
            position_second: 0,
        }
    }

    fn seen(&mut self, position: Position) {
        self.position_first = position.first.cast_signed();
        self.position_second = position.second.cast_signed();
    }

    /// The order of a message's events is the aggregate's to keep: it lets no acknowledgement go backwards.
    fn evolve(&mut self, event: &MessageEvent) {
        match event {
            MessageEvent::Queued(_) | MessageEvent::Received(_) | MessageEvent::LookedUp(_) => {}
            MessageEvent::AttemptStarted(started) => {
                self.status = MessageStatus::Sending;
                self.attempts = integer(started.attempt);
                if let Some(chosen) = &started.waha_message_id {
                    self.waha_message_id = Some(storable_text(&chosen.0));
                }
            }
            MessageEvent::AttemptRefused(refused) => {
                let is_retried = refused.retry_at.is_some();
                self.status =
                    if is_retried { MessageStatus::Retrying } else { MessageStatus::Failed };
                self.last_error = Some(storable_text(&refused.refusal.detail));
            }
            MessageEvent::OutcomeUnknown(unknown) => {
                self.status = MessageStatus::Unknown;
                self.last_error = Some(storable_text(&unknown.detail));
            }
            MessageEvent::LeftUnknown(left) => {
                self.last_error = Some(storable_text(&left.reason));
            }
            MessageEvent::AbsenceProven(_) | MessageEvent::ResendOrdered(_) => {
                self.status = MessageStatus::Retrying;
            }
            MessageEvent::Sent(sent) => {
                self.forget_failure();
                self.status = MessageStatus::Sent;
                self.sent_at = Some(storable_time(sent.at));
                if let Some(told) = &sent.waha_message_id {
                    self.waha_message_id = Some(storable_text(&told.0));
                }
            }
            MessageEvent::AckOverdue(overdue) => {
                self.ack_overdue_at = Some(storable_time(overdue.at));
            }
            MessageEvent::Delivered(moment) => {
                self.ack_overdue_at = None;
                self.status = MessageStatus::Delivered;
                self.delivered_at.get_or_insert(storable_time(moment.at));
            }
            MessageEvent::Read(moment) => {
                self.ack_overdue_at = None;
                self.status = MessageStatus::Read;
                self.read_at.get_or_insert(storable_time(moment.at));
                self.delivered_at.get_or_insert(storable_time(moment.at));
            }
            MessageEvent::Played(moment) => {
                self.ack_overdue_at = None;
                self.status = MessageStatus::Played;
                self.played_at.get_or_insert(storable_time(moment.at));
                self.read_at.get_or_insert(storable_time(moment.at));
                self.delivered_at.get_or_insert(storable_time(moment.at));
            }
            MessageEvent::DeadLettered(dead) => {
                self.status = MessageStatus::Failed;
                self.failed_at = Some(storable_time(dead.at));
                self.dead_letter_reason = Some(word(dead.reason).to_owned());
                let detail = dead.detail.as_deref().unwrap_or(dead.reason.describe());
                self.last_error = Some(storable_text(detail));
            }
            MessageEvent::Expired(moment) => {
                self.status = MessageStatus::Expired;
                self.failed_at = Some(storable_time(moment.at));
            }
            MessageEvent::Redriven(_) => {
                self.forget_failure();
                self.status = MessageStatus::Queued;
                self.waha_message_id = None;
                self.sent_at = None;
                self.ack_overdue_at = None;
            }
            MessageEvent::Discarded(_) => self.dead_letter_reason = None,
        }
    }

    fn forget_failure(&mut self) {
        self.failed_at = None;
        self.last_error = None;
        self.dead_letter_reason = None;
    }
}

/// The stored word, which clients read too.
const fn word(reason: DeadLetterReason) -> &'static str {
    match reason {
        DeadLetterReason::Refused => "refused",
        DeadLetterReason::AttemptsExhausted => "attempts_exhausted",
        DeadLetterReason::RejectedByWhatsApp => "rejected_by_whatsapp",
        DeadLetterReason::SessionDeleted => "session_deleted",
        DeadLetterReason::DeclaredFailed => "declared_failed",
    }
}

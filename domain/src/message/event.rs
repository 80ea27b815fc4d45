//! What can happen to a message. The stored names and versions of these shapes are in the codec.

mod settling;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::{ClientReference, ContentKind, CustomerMetadata};
use super::outbound::Route;
use super::refusal::Refusal;
use crate::body::MessageBody;
use crate::id::SessionId;
use crate::phone::PhoneNumber;
use crate::priority::Priority;
use crate::whatsapp::{ChatId, WahaMessageId};

pub use settling::{AbsenceProven, AckOverdue, FindingKind, LeftUnknown, LookedUp, ResendOrdered};

/// Something that happened to a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Accepted for sending.
    Queued(Queued),
    /// About to be handed to WAHA; durable before the call.
    AttemptStarted(AttemptStarted),
    /// Proven not sent.
    AttemptRefused(AttemptRefused),
    /// Maybe sent, maybe not.
    OutcomeUnknown(OutcomeUnknown),
    /// Looked for in WAHA, and not found.
    LookedUp(LookedUp),
    /// Proven not sent by looking; it is sent again.
    AbsenceProven(AbsenceProven),
    /// Nobody looks any more; stays unknown until there is proof or a person settles it.
    LeftUnknown(LeftUnknown),
    /// To be sent again although it may have been sent.
    ResendOrdered(ResendOrdered),
    /// Proven sent.
    Sent(Sent),
    /// Handed over, and not acknowledged by WhatsApp in time.
    AckOverdue(AckOverdue),
    /// On the recipient's device.
    Delivered(Moment),
    /// Read.
    Read(Moment),
    /// Played.
    Played(Moment),
    /// Given up; waits for a person.
    DeadLettered(DeadLettered),
    /// Queued again by a person.
    Redriven(Redriven),
    /// Put away by a person.
    Discarded(Moment),
    /// Its time was over before it could be sent.
    Expired(Moment),
    /// Received from somebody.
    Received(Box<Received>),
}

/// Accepted for sending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Queued {
    /// The session to send through.
    pub session_id: SessionId,
    /// The recipient.
    pub to: PhoneNumber,
    /// The text.
    pub body: MessageBody,
    /// Its lane.
    pub priority: Priority,
    /// What the client attached.
    #[serde(default, skip_serializing_if = "CustomerMetadata::is_empty")]
    pub metadata: CustomerMetadata,
    /// The client's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<ClientReference>,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<DateTime<Utc>>,
    /// Not after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// About to be handed to WAHA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptStarted {
    /// 1 for the first.
    pub attempt: u32,
    /// The session it goes through: a WhatsApp id is unique only within one.
    pub session_id: SessionId,
    /// The WhatsApp id chosen beforehand, where the engine takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waha_message_id: Option<WahaMessageId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Proven not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptRefused {
    /// Which attempt.
    pub attempt: u32,
    /// Why.
    #[serde(flatten)]
    pub refusal: Refusal,
    /// When it is tried again; absent if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Maybe sent, maybe not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeUnknown {
    /// Which attempt.
    pub attempt: u32,
    /// What was seen.
    pub detail: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Proven sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sent {
    /// Which attempt.
    pub attempt: u32,
    /// The session it went through: a WhatsApp id is unique only within one.
    pub session_id: SessionId,
    /// The id WhatsApp knows it by, if WAHA told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waha_message_id: Option<WahaMessageId>,
    /// What proves it.
    pub evidence: Evidence,
    /// When.
    pub at: DateTime<Utc>,
}

/// What proves that a message was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// WAHA's own answer to the send.
    Answer,
    /// An acknowledgement: WhatsApp has it.
    Acknowledgement,
    /// An echo: it stands among the chat's messages.
    Echo,
    /// The message itself, recognised among the chat's.
    Lookup,
    /// A person's word.
    Declaration,
}

/// Given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLettered {
    /// The attempt that ended with it; absent if none was under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Why.
    pub reason: DeadLetterReason,
    /// The last error, in WAHA's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a message was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// Refused in a way that trying again cannot change.
    Refused,
    /// Refused as often as the limit allows.
    AttemptsExhausted,
    /// WhatsApp acknowledged it with an error.
    RejectedByWhatsApp,
    /// Its session was deleted.
    SessionDeleted,
    /// A person said that it was not sent.
    DeclaredFailed,
}

impl DeadLetterReason {
    /// In words, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Refused => "WAHA refused it for good",
            Self::AttemptsExhausted => "every attempt was refused",
            Self::RejectedByWhatsApp => "WhatsApp rejected it after it was handed over",
            Self::SessionDeleted => "its session was deleted",
            Self::DeclaredFailed => "a person said that it was not sent",
        }
    }
}

/// Queued again. Repeats the route, so that the queue can be rebuilt from this event alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redriven {
    /// The session to send through.
    pub session_id: SessionId,
    /// The recipient.
    pub to: PhoneNumber,
    /// Its lane.
    pub priority: Priority,
    /// When.
    pub at: DateTime<Utc>,
}

/// When it happened, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
}

/// Received from somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Received {
    /// The session that received it.
    pub session_id: SessionId,
    /// The chat it came in: a person, a hidden id or a group.
    pub chat_id: ChatId,
    /// The sender's number, where WAHA tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PhoneNumber>,
    /// The sender's hidden id (`…@lid`), where WAHA tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_lid: Option<ChatId>,
    /// The text or caption; empty if there is none.
    pub body: String,
    /// What it is.
    pub kind: ContentKind,
    /// WhatsApp's id.
    pub waha_message_id: WahaMessageId,
    /// When, by WhatsApp's clock.
    pub at: DateTime<Utc>,
}

impl Event {
    pub(super) fn attempt_refused(
        attempt: u32,
        refusal: Refusal,
        retry_at: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Self {
        Self::AttemptRefused(AttemptRefused { attempt, refusal, retry_at, at })
    }

    pub(super) fn outcome_unknown(attempt: u32, detail: String, at: DateTime<Utc>) -> Self {
        Self::OutcomeUnknown(OutcomeUnknown { attempt, detail, at })
    }

    pub(super) fn dead_lettered(
        attempt: Option<u32>,
        reason: DeadLetterReason,
        detail: Option<String>,
        at: DateTime<Utc>,
    ) -> Self {
        Self::DeadLettered(DeadLettered { attempt, reason, detail, at })
    }

    pub(super) fn redriven(route: Route, at: DateTime<Utc>) -> Self {
        let Route { session_id, to, priority } = route;
        Self::Redriven(Redriven { session_id, to, priority, at })
    }

    pub(super) const fn delivered(at: DateTime<Utc>) -> Self {
        Self::Delivered(Moment { at })
    }

    pub(super) const fn read(at: DateTime<Utc>) -> Self {
        Self::Read(Moment { at })
    }

    pub(super) const fn played(at: DateTime<Utc>) -> Self {
        Self::Played(Moment { at })
    }

    pub(super) const fn discarded(at: DateTime<Utc>) -> Self {
        Self::Discarded(Moment { at })
    }

    pub(super) const fn expired(at: DateTime<Utc>) -> Self {
        Self::Expired(Moment { at })
    }
}

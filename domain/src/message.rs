//! A message, from the moment it is queued or received to the last thing known of it.
//!
//! ```text
//!                       .--- AttemptRefused (retry) ---.
//!                       v                              |
//! Absent --Queued--> Waiting --AttemptStarted--> Sending --Sent--> Sent --Delivered, Read, Played-->
//!                       |                              |            ^
//!                       |                              `--OutcomeUnknown--> Unknown --evidence--'
//!                       |<---- AbsenceProven, ResendOrdered -----------------'
//!                       `--Expired, DeadLettered--> Failed --Redriven--> Waiting
//!                                                       `--Discarded--> Discarded
//! Absent --Received--> Inbound
//! ```
//!
//! Invariant: at most one attempt is ever on its way, and none starts while the outcome of another is
//! unknown: it is looked for first ([`doubt`]). `AttemptStarted` is durable before the HTTP call, so whoever cannot append it does not
//! send. Proof of a send (an answer, an acknowledgement) is accepted in every state: evidence wins.

pub mod content;
pub mod doubt;
pub mod event;
pub mod outbound;
pub mod refusal;
pub mod retry;

use chrono::{DateTime, Utc};

use crate::aggregate::Aggregate;
use crate::id::MessageId;
use crate::stream::Category;
use crate::whatsapp::{Ack, WahaMessageId};
use doubt::{Finding, SettlePolicy, Verdict};
use event::{DeadLetterReason, Event, Queued, Received};
use outbound::Outbound;
use refusal::Refusal;
use retry::RetryPolicy;

/// The state of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Message {
    /// No events.
    #[default]
    Absent,
    /// Ours, on its way or at its end.
    Outbound(Outbound),
    /// Somebody else's; nothing more happens to it.
    Inbound,
}

/// What may be asked of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Accept it for sending.
    Queue(Queued),
    /// Begin an attempt; asked of a message that is being sent already, it means that attempt was abandoned.
    StartAttempt {
        /// The message's own id, from which the WhatsApp id is chosen.
        message_id: MessageId,
        /// Whether the session's engine takes a chosen WhatsApp id.
        engine_takes_ids: bool,
        /// Now.
        now: DateTime<Utc>,
    },
    /// WAHA answered that it was sent.
    ConfirmSent {
        /// The attempt that was answered.
        attempt: u32,
        /// The id WAHA reported, if it did.
        waha_message_id: Option<WahaMessageId>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// The attempt is proven not to have sent anything.
    ReportRefusal {
        /// The attempt that was refused.
        attempt: u32,
        /// Why.
        refusal: Refusal,
        /// How often and when to try again.
        retry: RetryPolicy,
        /// A random number in [0, 1), for the jitter.
        jitter: f64,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Whether the attempt sent anything cannot be told.
    ReportUnknown {
        /// The attempt in doubt.
        attempt: u32,
        /// What was seen.
        detail: String,
        /// Now.
        now: DateTime<Utc>,
    },
    /// WhatsApp acknowledged it, or WAHA showed it among the chat's messages.
    Acknowledge {
        /// How far it has come.
        ack: Ack,
        /// Under which id.
        waha_message_id: WahaMessageId,
        /// When, by WAHA's clock.
        at: DateTime<Utc>,
    },
    /// It was looked for in WAHA.
    RecordLook {
        /// The attempt in doubt.
        attempt: u32,
        /// What was seen.
        finding: Finding,
        /// How the doubt is settled.
        policy: SettlePolicy,
        /// Now.
        now: DateTime<Utc>,
    },
    /// WhatsApp has not acknowledged it in time.
    ReportAckOverdue {
        /// The attempt that handed it over.
        attempt: u32,
        /// Now.
        now: DateTime<Utc>,
    },
    /// A person says what became of it.
    Settle {
        /// What.
        verdict: Verdict,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Its time may be over.
    Expire {
        /// Now.
        now: DateTime<Utc>,
    },
    /// It can never be sent.
    GiveUp {
        /// Why.
        reason: DeadLetterReason,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Try a dead letter again.
    Redrive {
        /// Now.
        now: DateTime<Utc>,
    },
    /// Put a dead letter away for good.
    Discard {
        /// Now.
        now: DateTime<Utc>,
    },
    /// Record somebody else's message.
    Receive(Box<Received>),
}

/// Why a message refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such message.
    #[error("there is no such message")]
    Unknown,
    /// The id is taken by another message.
    #[error("a message with this id exists already")]
    AlreadyExists,
    /// It is not waiting to be sent.
    #[error("the message is not waiting to be sent")]
    NotWaiting,
    /// The report is of an attempt that is not the latest, or of none.
    #[error("the report is not of the message's latest attempt")]
    StaleAttempt,
    /// Its outcome is not in doubt.
    #[error("the message's outcome is not in doubt")]
    NotInDoubt,
    /// It is not among the dead letters.
    #[error("the message is not a dead letter")]
    NotADeadLetter,
    /// It was received, not sent.
    #[error("the message was received, not sent")]
    Inbound,
}

impl Aggregate for Message {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::Message;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Queue(queued)) => Ok(vec![Event::Queued(queued)]),
            (Self::Absent, Command::Receive(received)) => Ok(vec![Event::Received(received)]),
            (Self::Inbound, Command::Receive(_)) => Ok(vec![]),
            (Self::Outbound(_), Command::Queue(_) | Command::Receive(_))
            | (Self::Inbound, Command::Queue(_)) => Err(Rejection::AlreadyExists),
            (Self::Outbound(outbound), command) => outbound.decide(command),
            (Self::Absent, _) => Err(Rejection::Unknown),
            (Self::Inbound, _) => Err(Rejection::Inbound),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Queued(queued)) => Self::Outbound(Outbound::new(queued)),
            (_, Event::Received(_)) => Self::Inbound,
            (Self::Outbound(outbound), event) => Self::Outbound(outbound.evolve(event)),
            (state @ (Self::Absent | Self::Inbound), _) => state,
        }
    }
}

#[cfg(test)]
mod tests;

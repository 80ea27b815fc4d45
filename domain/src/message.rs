//! A message, from the moment it is queued or received to the last thing known of it.
//!
//! ```text
//!                       .--- AttemptRefused (retry) ---.
//!                       v                              |
//! Absent --Queued--> Waiting --AttemptStarted--> Sending --Sent--> Sent --Delivered, Read, Played-->
//!                       |                              |            ^
//!                       |                              `--OutcomeUnknown--> Unknown --evidence--'
//!                       `--Expired, DeadLettered--> Failed --Redriven--> Waiting
//!                                                       `--Discarded--> Discarded
//! Absent --Received--> Inbound
//! ```
//!
//! Invariant: at most one attempt is ever on its way, and none starts while the outcome of another is
//! unknown. `AttemptStarted` is durable before the HTTP call, so whoever cannot append it does not
//! send. Proof of a send (an answer, an acknowledgement) is accepted in every state: evidence wins.

pub mod content;
pub mod event;
pub mod refusal;
pub mod retry;

use chrono::{DateTime, Utc};

use crate::aggregate::Aggregate;
use crate::id::{MessageId, SessionId};
use crate::phone::PhoneNumber;
use crate::priority::Priority;
use crate::stream::Category;
use crate::whatsapp::{Ack, WahaMessageId};
use event::{DeadLetterReason, Event, Evidence, Queued, Received};
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

/// What must be remembered of a message to decide about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    route: Route,
    expires_at: Option<DateTime<Utc>>,
    /// Attempts ever started; numbers them.
    attempts: u32,
    /// Attempts held against the limit since it was queued or redriven.
    attempts_spent: u32,
    /// Times redriven.
    generation: u32,
    progress: Progress,
}

/// Which session carries a message, to whom, how urgently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The session to send through.
    pub session_id: SessionId,
    /// The recipient.
    pub to: PhoneNumber,
    /// Its lane.
    pub priority: Priority,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Sending,
    Unknown,
    Sent(Receipt),
    Failed,
    Expired,
    Discarded,
}

/// How far a sent message is known to have come. Only ever grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Receipt {
    Accepted,
    Delivered,
    Read,
    Played,
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

impl Outbound {
    fn new(queued: &Queued) -> Self {
        Self {
            route: Route {
                session_id: queued.session_id,
                to: queued.to.clone(),
                priority: queued.priority,
            },
            expires_at: queued.expires_at,
            attempts: 0,
            attempts_spent: 0,
            generation: 0,
            progress: Progress::Waiting,
        }
    }

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::StartAttempt { message_id, engine_takes_ids, now } => {
                self.start_attempt(message_id, engine_takes_ids, now)
            }
            Command::ConfirmSent { attempt, waha_message_id, now } => {
                self.confirm_sent(attempt, waha_message_id, now)
            }
            Command::ReportRefusal { attempt, refusal, retry, jitter, now } => {
                self.report_refusal(attempt, refusal, retry, jitter, now)
            }
            Command::ReportUnknown { attempt, detail, now } => {
                self.report_unknown(attempt, detail, now)
            }
            Command::Acknowledge { ack, waha_message_id, at } => {
                Ok(self.acknowledge(ack, waha_message_id, at))
            }
            Command::Expire { now } => Ok(self.expire(now)),
            Command::GiveUp { reason, now } => match self.progress {
                Progress::Waiting => Ok(vec![Event::dead_lettered(reason, None, now)]),
                _ => Err(Rejection::NotWaiting),
            },
            Command::Redrive { now } => match self.progress {
                Progress::Failed => Ok(vec![Event::redriven(self.route.clone(), now)]),
                _ => Err(Rejection::NotADeadLetter),
            },
            Command::Discard { now } => match self.progress {
                Progress::Failed => Ok(vec![Event::discarded(now)]),
                Progress::Discarded => Ok(vec![]),
                _ => Err(Rejection::NotADeadLetter),
            },
            Command::Queue(_) | Command::Receive(_) => Err(Rejection::AlreadyExists),
        }
    }

    fn start_attempt(
        &self,
        message_id: MessageId,
        engine_takes_ids: bool,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        match self.progress {
            Progress::Waiting if self.is_expired(now) => Ok(vec![Event::expired(now)]),
            Progress::Waiting => {
                let chosen = || WahaMessageId::chosen(message_id, self.generation);
                let waha_message_id = engine_takes_ids.then(chosen);
                Ok(vec![Event::attempt_started(self.attempts + 1, waha_message_id, now)])
            }
            Progress::Sending => {
                let detail =
                    "the engine stopped between starting the attempt and recording its outcome";
                Ok(vec![Event::outcome_unknown(self.attempts, detail.to_owned(), now)])
            }
            _ => Err(Rejection::NotWaiting),
        }
    }

    fn confirm_sent(
        &self,
        attempt: u32,
        waha_message_id: Option<WahaMessageId>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        self.check_attempt(attempt)?;
        match self.progress {
            Progress::Sent(_) => Ok(vec![]),
            _ => Ok(vec![Event::sent(attempt, waha_message_id, Evidence::Answer, now)]),
        }
    }

    fn report_refusal(
        &self,
        attempt: u32,
        refusal: Refusal,
        retry: RetryPolicy,
        jitter: f64,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        self.check_attempt(attempt)?;
        if !matches!(self.progress, Progress::Sending | Progress::Unknown) {
            return Err(Rejection::StaleAttempt);
        }
        let spent = self.attempts_spent + u32::from(refusal.kind.spends_an_attempt());
        let reason = if refusal.kind.is_permanent() {
            DeadLetterReason::Refused
        } else if spent >= retry.attempts_max {
            DeadLetterReason::AttemptsExhausted
        } else {
            let retry_at = now + retry.delay(spent.max(1), jitter);
            return Ok(vec![Event::attempt_refused(attempt, refusal, Some(retry_at), now)]);
        };
        let detail = refusal.detail.clone();
        Ok(vec![
            Event::attempt_refused(attempt, refusal, None, now),
            Event::dead_lettered(reason, Some(detail), now),
        ])
    }

    fn report_unknown(
        &self,
        attempt: u32,
        detail: String,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        self.check_attempt(attempt)?;
        match self.progress {
            Progress::Sending => Ok(vec![Event::outcome_unknown(attempt, detail, now)]),
            Progress::Unknown | Progress::Sent(_) => Ok(vec![]),
            _ => Err(Rejection::StaleAttempt),
        }
    }

    fn acknowledge(&self, ack: Ack, id: WahaMessageId, at: DateTime<Utc>) -> Vec<Event> {
        let reached = match ack {
            Ack::Error => return self.refused_by_whatsapp(at),
            Ack::Pending | Ack::Server => Receipt::Accepted,
            Ack::Device => Receipt::Delivered,
            Ack::Read => Receipt::Read,
            Ack::Played => Receipt::Played,
        };
        let mut events = Vec::new();
        let known = if let Progress::Sent(known) = self.progress {
            known
        } else {
            events.push(Event::sent(self.attempts, Some(id), Evidence::Acknowledgement, at));
            Receipt::Accepted
        };
        if reached > known {
            events.push(match reached {
                Receipt::Accepted | Receipt::Delivered => Event::delivered(at),
                Receipt::Read => Event::read(at),
                Receipt::Played => Event::played(at),
            });
        }
        events
    }

    /// An error acknowledgement counts only while nothing better is known.
    fn refused_by_whatsapp(&self, at: DateTime<Utc>) -> Vec<Event> {
        let reason = DeadLetterReason::RejectedByWhatsApp;
        match self.progress {
            Progress::Sending | Progress::Unknown | Progress::Sent(Receipt::Accepted) => {
                vec![Event::dead_lettered(reason, None, at)]
            }
            _ => vec![],
        }
    }

    fn expire(&self, now: DateTime<Utc>) -> Vec<Event> {
        let is_over = self.progress == Progress::Waiting && self.is_expired(now);
        if is_over { vec![Event::expired(now)] } else { vec![] }
    }

    fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    fn check_attempt(&self, attempt: u32) -> Result<(), Rejection> {
        let is_latest = attempt == self.attempts && attempt > 0;
        if is_latest { Ok(()) } else { Err(Rejection::StaleAttempt) }
    }

    fn evolve(mut self, event: &Event) -> Self {
        self.progress = match event {
            Event::AttemptStarted(started) => {
                self.attempts = started.attempt;
                Progress::Sending
            }
            Event::AttemptRefused(refused) => {
                self.attempts_spent += u32::from(refused.refusal.kind.spends_an_attempt());
                Progress::Waiting
            }
            Event::OutcomeUnknown(_) => Progress::Unknown,
            Event::Sent(_) => Progress::Sent(Receipt::Accepted),
            Event::Delivered(_) => Progress::Sent(Receipt::Delivered),
            Event::Read(_) => Progress::Sent(Receipt::Read),
            Event::Played(_) => Progress::Sent(Receipt::Played),
            Event::DeadLettered(_) => Progress::Failed,
            Event::Expired(_) => Progress::Expired,
            Event::Discarded(_) => Progress::Discarded,
            Event::Redriven(_) => {
                self.attempts_spent = 0;
                self.generation += 1;
                Progress::Waiting
            }
            Event::Queued(_) | Event::Received(_) => self.progress,
        };
        self
    }
}

#[cfg(test)]
mod tests;

//! A message of ours: the rules of its attempts, its receipts and its end.

mod settling;

use chrono::{DateTime, Utc};

use super::doubt::{Doubt, OrderedBy};
use super::event::{AckOverdue, AttemptStarted, DeadLetterReason, Event, Evidence, Queued, Sent};
use super::refusal::Refusal;
use super::retry::RetryPolicy;
use super::{Command, Rejection};
use crate::id::{MessageId, SessionId};
use crate::phone::PhoneNumber;
use crate::priority::Priority;
use crate::whatsapp::{Ack, WahaMessageId};

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
    /// The WhatsApp id chosen for the latest attempt, if one was.
    chosen: Option<WahaMessageId>,
    /// WhatsApp refused it, and it was not attempted since.
    is_rejected: bool,
    /// While an outcome is unknown: what is known of it.
    doubt: Option<Doubt>,
    /// The policy had it sent again without proof, since it was queued or redriven.
    is_resent: bool,
    /// It was reported not to be acknowledged in time.
    is_overdue: bool,
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

impl Receipt {
    /// How far an acknowledgement proves a message to have come; none if it was refused.
    const fn proven_by(ack: Ack) -> Option<Self> {
        match ack {
            Ack::Error => None,
            Ack::Pending | Ack::Server => Some(Self::Accepted),
            Ack::Device => Some(Self::Delivered),
            Ack::Read => Some(Self::Read),
            Ack::Played => Some(Self::Played),
        }
    }

    /// The news it is to whom this much is known.
    fn event_after(self, known: Self, at: DateTime<Utc>) -> Option<Event> {
        (self > known).then(|| match self {
            Self::Accepted | Self::Delivered => Event::delivered(at),
            Self::Read => Event::read(at),
            Self::Played => Event::played(at),
        })
    }
}

impl Outbound {
    pub(super) fn new(queued: &Queued) -> Self {
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
            chosen: None,
            is_rejected: false,
            doubt: None,
            is_resent: false,
            is_overdue: false,
            progress: Progress::Waiting,
        }
    }

    pub(super) fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
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
            Command::RecordLook { attempt, finding, policy, now } => {
                self.record_look(attempt, finding, policy, now)
            }
            Command::ReportAckOverdue { attempt, now } => self.report_ack_overdue(attempt, now),
            Command::Settle { verdict, now } => self.settle(verdict, now),
            Command::Expire { now } => Ok(self.expire(now)),
            Command::GiveUp { reason, now } => match self.progress {
                Progress::Waiting => Ok(vec![Event::dead_lettered(None, reason, None, now)]),
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
                Ok(vec![Event::AttemptStarted(AttemptStarted {
                    attempt: self.attempts + 1,
                    session_id: self.route.session_id,
                    waha_message_id: engine_takes_ids.then(chosen),
                    at: now,
                })])
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
            // WAHA took it, and WhatsApp refused it since: the later news holds.
            _ if self.is_rejected => Ok(vec![]),
            _ => Ok(vec![self.sent(waha_message_id, Evidence::Answer, now)]),
        }
    }

    fn sent(
        &self,
        waha_message_id: Option<WahaMessageId>,
        evidence: Evidence,
        at: DateTime<Utc>,
    ) -> Event {
        let (attempt, session_id) = (self.attempts, self.route.session_id);
        Event::Sent(Sent { attempt, session_id, waha_message_id, evidence, at })
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
            Event::dead_lettered(Some(attempt), reason, Some(detail), now),
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
        let Some(reached) = Receipt::proven_by(ack) else { return self.refused_by_whatsapp(at) };
        let mut events = Vec::new();
        let known = if let Progress::Sent(known) = self.progress {
            known
        } else if reached == Receipt::Accepted
            && (self.is_rejected || self.is_of_another_attempt(&id))
        {
            // An echo of what WhatsApp refused since, or of an attempt before the last redrive.
            return vec![];
        } else {
            let is_echo = ack == Ack::Pending;
            let evidence = if is_echo { Evidence::Echo } else { Evidence::Acknowledgement };
            events.push(self.sent(Some(id), evidence, at));
            Receipt::Accepted
        };
        events.extend(reached.event_after(known, at));
        events
    }

    /// Whether WhatsApp's server has it is not told by an event, so who reports must know.
    fn report_ack_overdue(
        &self,
        attempt: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        self.check_attempt(attempt)?;
        let is_news = self.progress == Progress::Sent(Receipt::Accepted) && !self.is_overdue;
        let session_id = Some(self.route.session_id);
        let overdue = Event::AckOverdue(AckOverdue { attempt, session_id, at: now });
        Ok(if is_news { vec![overdue] } else { vec![] })
    }

    fn is_of_another_attempt(&self, id: &WahaMessageId) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| chosen != id)
    }

    /// An error acknowledgement counts only while nothing better is known.
    fn refused_by_whatsapp(&self, at: DateTime<Utc>) -> Vec<Event> {
        let reason = DeadLetterReason::RejectedByWhatsApp;
        match self.progress {
            Progress::Sending | Progress::Unknown | Progress::Sent(Receipt::Accepted) => {
                vec![Event::dead_lettered(Some(self.attempts), reason, None, at)]
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

    pub(super) fn evolve(mut self, event: &Event) -> Self {
        self.progress = match event {
            Event::AttemptStarted(started) => {
                self.attempts = started.attempt;
                self.chosen.clone_from(&started.waha_message_id);
                self.is_rejected = false;
                self.is_overdue = false;
                Progress::Sending
            }
            Event::AttemptRefused(refused) => {
                self.attempts_spent += u32::from(refused.refusal.kind.spends_an_attempt());
                Progress::Waiting
            }
            Event::OutcomeUnknown(unknown) => {
                self.doubt = Some(Doubt::new(unknown.at));
                Progress::Unknown
            }
            Event::LookedUp(looked) => {
                if let Some(doubt) = &mut self.doubt {
                    (doubt.looks, doubt.absences) = (looked.look, looked.absences);
                }
                self.progress
            }
            Event::LeftUnknown(_) => {
                if let Some(doubt) = &mut self.doubt {
                    doubt.is_left = true;
                }
                self.progress
            }
            Event::AbsenceProven(_) => {
                self.attempts_spent += 1;
                Progress::Waiting
            }
            Event::ResendOrdered(ordered) => {
                self.attempts_spent += 1;
                self.is_resent |= ordered.by == OrderedBy::Policy;
                Progress::Waiting
            }
            Event::Sent(_) => Progress::Sent(Receipt::Accepted),
            Event::AckOverdue(_) => {
                self.is_overdue = true;
                self.progress
            }
            Event::Delivered(_) => Progress::Sent(Receipt::Delivered),
            Event::Read(_) => Progress::Sent(Receipt::Read),
            Event::Played(_) => Progress::Sent(Receipt::Played),
            Event::DeadLettered(dead) => {
                self.is_rejected = dead.reason == DeadLetterReason::RejectedByWhatsApp;
                Progress::Failed
            }
            Event::Expired(_) => Progress::Expired,
            Event::Discarded(_) => Progress::Discarded,
            Event::Redriven(_) => {
                self.attempts_spent = 0;
                self.is_resent = false;
                self.generation += 1;
                // Who redrives a message wants it sent, late as it may be.
                self.expires_at = None;
                Progress::Waiting
            }
            Event::Queued(_) | Event::Received(_) => self.progress,
        };
        self
    }
}

//! A WhatsApp session: one number, connected through WAHA.
//!
//! What a person asks (start, stop, …) is recorded first and done by the session saga afterwards, so a
//! request survives a crash and a WAHA that is away. What WAHA says of the session is recorded as it
//! is told. Invariants: one action is pending at a time; a newer one replaces it, deletion excepted. A session is
//! on one WAHA server; whatever is done next begins by taking it off those it was on before.

mod action;
pub mod event;
mod gaps;
pub mod health;
mod name;
pub mod queue_mode;
pub mod status;

use chrono::{DateTime, Utc};

use crate::aggregate::Aggregate;
use crate::phone::PhoneNumber;
use crate::stream::Category;
use crate::waha_server::name::ServerName;
use crate::whatsapp::Engine;
pub use action::Action;
use event::{Event, Origin};
use gaps::Gaps;
pub use gaps::{Gap, Repair};
use health::{Health, SuspicionCause, TrustCause};
pub use name::{InvalidSessionName, SessionName};
use queue_mode::QueueMode;
use status::SessionStatus;

/// The state of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Session {
    /// No events.
    #[default]
    Absent,
    /// In use.
    Open(Box<Open>),
    /// Gone, in WAHA too.
    Deleted,
}

/// A session in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The tenant's name for it.
    pub name: SessionName,
    /// WAHA's name for it.
    pub waha_session: String,
    /// The WAHA server it is on.
    pub server: ServerName,
    /// Those it was on before, where it is still to be taken off.
    pub left: Vec<Origin>,
    /// As last told by WAHA.
    pub status: SessionStatus,
    /// WAHA's clock when it said so.
    pub as_of: Option<DateTime<Utc>>,
    /// WAHA's engine, once told.
    pub engine: Option<Engine>,
    /// The paired number, once told.
    pub phone: Option<PhoneNumber>,
    /// What is asked and not yet done.
    pub pending: Option<Action>,
    /// Until when it writes only to those who wrote to it.
    pub reach_out_locked_until: Option<DateTime<Utc>>,
    /// What it does with messages.
    pub queue_mode: QueueMode,
    /// Whether it is as well as WAHA says.
    pub health: Health,
    /// What was missed, and made up for.
    pub gaps: Gaps,
}

/// What WAHA says of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its status.
    pub status: SessionStatus,
    /// The engine, if told.
    pub engine: Option<Engine>,
    /// The paired number, if told.
    pub phone: Option<PhoneNumber>,
    /// WAHA's clock, to put reports in order: webhooks arrive in any.
    pub as_of: DateTime<Utc>,
}

/// What may be asked of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make it, and have it started.
    Create {
        /// The tenant's name for it.
        name: SessionName,
        /// WAHA's name for it.
        waha_session: String,
        /// The WAHA server it is placed on.
        server: ServerName,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Have it run on another WAHA server.
    Move {
        /// Which.
        server: ServerName,
        /// Whether its pairing is kept where it was: the servers share what they know of sessions.
        keep_pairing: bool,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Have something done to it in WAHA.
    Request {
        /// What.
        action: Action,
        /// Now.
        now: DateTime<Utc>,
    },
    /// WAHA did it.
    CompleteAction {
        /// What was done.
        action: Action,
        /// On which server: where it no longer is, it was done in vain.
        server: ServerName,
        /// Now.
        now: DateTime<Utc>,
    },
    /// WAHA refused it for good.
    FailAction {
        /// What was refused.
        action: Action,
        /// By which server.
        server: ServerName,
        /// Why, in WAHA's words.
        reason: String,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Record what WAHA says of it.
    Report(Report),
    /// Take and send messages, or not.
    SetQueueMode {
        /// How it is to be.
        mode: QueueMode,
        /// Now.
        now: DateTime<Utc>,
    },
    /// It says that it works, and there is reason to doubt it.
    Suspect {
        /// The reason.
        cause: SuspicionCause,
        /// Now.
        now: DateTime<Utc>,
    },
    /// WhatsApp has acknowledged a message: it works.
    Trust {
        /// Now.
        now: DateTime<Utc>,
    },
    /// Restart it if it has failed or is suspect, unless that was tried a short while ago.
    Heal {
        /// Now.
        now: DateTime<Utc>,
    },
    /// WhatsApp refused a message to somebody new: write to nobody new for a while.
    LockReachOut {
        /// Until when.
        until: DateTime<Utc>,
        /// What was answered.
        detail: String,
        /// Now.
        now: DateTime<Utc>,
    },
    /// WAHA was asked what it may have told nobody.
    RecordRepair {
        /// Of which time.
        gap: Gap,
        /// What came of it.
        repair: Repair,
        /// Now.
        now: DateTime<Utc>,
    },
    /// WAHA would not say.
    LeaveGap {
        /// Of which time.
        gap: Gap,
        /// Why, in WAHA's words.
        reason: String,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Why a session refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such session.
    #[error("there is no such session")]
    Unknown,
    /// The id is taken.
    #[error("a session with this name exists already")]
    AlreadyExists,
    /// It is deleted, or about to be.
    #[error("the session is deleted")]
    Deleted,
}

impl Aggregate for Session {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::Session;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create { name, waha_session, server, now }) => {
                let created = Event::Created(event::Created { name, waha_session, at: now });
                // Where nothing is said, it is on the server of the settings: there was no other once.
                let is_elsewhere = !server.is_default();
                let placed = Event::Placed(event::Placed { server, from: None, at: now });
                Ok(if is_elsewhere { vec![created, placed] } else { vec![created] })
            }
            (Self::Absent, _) => Err(Rejection::Unknown),
            (Self::Open(_) | Self::Deleted, Command::Create { .. }) => {
                Err(Rejection::AlreadyExists)
            }
            (Self::Deleted, Command::Request { action: Action::Delete, .. }) => Ok(vec![]),
            (
                Self::Deleted,
                Command::Request { .. } | Command::SetQueueMode { .. } | Command::Move { .. },
            ) => Err(Rejection::Deleted),
            // What WAHA still says of a deleted session changes nothing.
            (Self::Deleted, _) => Ok(vec![]),
            (Self::Open(open), command) => open.decide(command),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => Self::Open(Box::new(Open {
                name: created.name.clone(),
                waha_session: created.waha_session.clone(),
                server: ServerName::default(),
                left: vec![],
                status: SessionStatus::Starting,
                as_of: None,
                engine: None,
                phone: None,
                pending: Some(Action::Start),
                reach_out_locked_until: None,
                queue_mode: QueueMode::default(),
                health: Health::default(),
                gaps: Gaps::default(),
            })),
            (_, Event::Deleted(_)) => Self::Deleted,
            (Self::Open(open), event) => Self::Open(Box::new(open.evolve(event))),
            (state @ (Self::Absent | Self::Deleted), _) => state,
        }
    }
}

impl Open {
    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Create { .. } => Err(Rejection::AlreadyExists),
            Command::Request { action, .. } if self.pending == Some(action) => Ok(vec![]),
            Command::Request { .. } | Command::Move { .. }
                if self.pending == Some(Action::Delete) =>
            {
                Err(Rejection::Deleted)
            }
            Command::Move { server, .. } if server == self.server => Ok(vec![]),
            Command::Move { server, keep_pairing, now } => {
                let from = Origin { server: self.server.clone(), keep_pairing };
                Ok(vec![Event::Placed(event::Placed { server, from: Some(from), at: now })])
            }
            Command::Request { action, now } => {
                let requested = event::ActionRequested { action, cause: None, at: now };
                Ok(vec![Event::ActionRequested(requested)])
            }
            Command::CompleteAction { action, server, .. }
            | Command::FailAction { action, server, .. }
                if self.pending != Some(action) || self.server != server =>
            {
                Ok(vec![])
            }
            Command::CompleteAction { action: Action::Delete, now, .. } => {
                Ok(vec![Event::Deleted(event::Deleted { at: now })])
            }
            Command::CompleteAction { action, now, .. } => {
                Ok(vec![Event::ActionCompleted(event::ActionCompleted { action, at: now })])
            }
            Command::FailAction { action, reason, now, .. } => {
                Ok(vec![Event::ActionFailed(event::ActionFailed { action, reason, at: now })])
            }
            Command::Report(report) => Ok(self.report(report)),
            Command::SetQueueMode { mode, .. } if mode == self.queue_mode => Ok(vec![]),
            Command::SetQueueMode { mode, now } => {
                Ok(vec![Event::QueueModeSet(event::QueueModeSet { mode, at: now })])
            }
            Command::Suspect { cause, now } => Ok(self.suspect(cause, now)),
            Command::Trust { now } => {
                Ok(self.trust(TrustCause::Acknowledged, now).into_iter().collect())
            }
            Command::Heal { now } => Ok(self.heal(now)),
            // Messages that were on their way are refused after the first was.
            Command::LockReachOut { now, .. }
                if self.reach_out_locked_until.is_some_and(|until| now < until) =>
            {
                Ok(vec![])
            }
            Command::LockReachOut { until, detail, now } => {
                let locked = event::ReachOutLocked { until, detail, at: now };
                Ok(vec![Event::ReachOutLocked(locked)])
            }
            Command::RecordRepair { gap, repair, now } => Ok(self.gaps.repair(gap, repair, now)),
            Command::LeaveGap { gap, reason, now } => Ok(self.gaps.leave(gap, reason, now)),
        }
    }

    fn report(&self, report: Report) -> Vec<Event> {
        let is_older = self.as_of.is_some_and(|as_of| report.as_of < as_of);
        let Report { status, engine, phone, as_of } = report;
        let engine = engine.or(self.engine);
        let phone = phone.or_else(|| self.phone.clone());
        let is_known = status == self.status && engine == self.engine && phone == self.phone;
        if is_older || (is_known && self.as_of.is_some()) {
            return vec![];
        }
        let has_reconnected =
            status == SessionStatus::Working && self.status != SessionStatus::Working;
        let trusted = self.trust(TrustCause::Reconnected, as_of).filter(|_| has_reconnected);
        let changed = event::StatusChanged { status, engine, phone, at: as_of };
        [Event::StatusChanged(changed)].into_iter().chain(trusted).collect()
    }

    fn evolve(mut self, event: &Event) -> Self {
        self.health.evolve(event);
        match event {
            Event::ActionRequested(requested) => self.pending = Some(requested.action),
            Event::ActionCompleted(_) => {
                self.pending = None;
                self.left.clear();
            }
            Event::ActionFailed(_) => self.pending = None,
            Event::Placed(placed) => self.place(placed),
            Event::StatusChanged(changed) => {
                self.status = changed.status.clone();
                self.engine = changed.engine;
                self.phone.clone_from(&changed.phone);
                self.as_of = Some(changed.at);
            }
            Event::ReachOutLocked(locked) => self.reach_out_locked_until = Some(locked.until),
            Event::QueueModeSet(set) => self.queue_mode = set.mode,
            Event::GapRepaired(repaired) => self.gaps = Gaps::repaired(repaired),
            Event::GapLeft(left) => self.gaps.note(left),
            Event::Suspected(_) | Event::Trusted(_) | Event::Created(_) | Event::Deleted(_) => {}
        }
        self
    }

    /// A session that is moved begins anew: what is told of it where it was is no news any more.
    fn place(&mut self, placed: &event::Placed) {
        self.server = placed.server.clone();
        if let Some(from) = &placed.from {
            self.left.retain(|origin| origin.server != from.server);
            self.left.push(from.clone());
            self.left.retain(|origin| origin.server != placed.server);
            self.status = SessionStatus::Starting;
            self.as_of = self.as_of.max(Some(placed.at));
            self.pending = Some(Action::Start);
        }
    }
}

#[cfg(test)]
mod tests;

//! Whether a session is as well as WAHA says.
//!
//! A session that says WORKING may be dead: it takes messages, and WhatsApp never sees them. What is found out about
//! it makes it suspect, and its queue waits. It is trusted again once WhatsApp acknowledges anything, or after a
//! restart. Failed and suspect sessions are restarted, now and then; each restart is an event with its cause.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::{ActionRequested, Event, Suspected, Trusted};
use super::status::SessionStatus;
use super::{Action, Open};

/// Between two restarts that nobody asked for: what one does not mend, the next will not mend at once, and WhatsApp
/// takes note of who connects again and again.
const RESTART_EVERY: TimeDelta = TimeDelta::hours(1);

/// Why a session is suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuspicionCause {
    /// WAHA took several messages in a row, and WhatsApp acknowledged none of them in time.
    AcknowledgementsOverdue,
    /// WAHA no longer has it.
    MissingInWaha,
}

impl SuspicionCause {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AcknowledgementsOverdue => "acknowledgements_overdue",
            Self::MissingInWaha => "missing_in_waha",
        }
    }

    /// What may mend it.
    const fn remedy(self) -> Action {
        match self {
            Self::AcknowledgementsOverdue => Action::Restart,
            // Only a start makes what is not there.
            Self::MissingInWaha => Action::Start,
        }
    }
}

/// Why a suspect session is trusted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrustCause {
    /// WhatsApp acknowledged a message.
    Acknowledged,
    /// It has connected anew.
    Reconnected,
}

/// Why an action was asked for, where nobody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionCause {
    /// The session is suspect.
    Suspected,
    /// The session has failed.
    Failed,
}

impl ActionCause {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Failed => "failed",
        }
    }
}

/// What is remembered of a session's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Why it is suspect, if it is.
    pub suspicion: Option<SuspicionCause>,
    /// When it was last restarted without anybody asking.
    restarted_at: Option<DateTime<Utc>>,
}

impl Health {
    pub(super) const fn evolve(&mut self, event: &Event) {
        match event {
            Event::Suspected(suspected) => self.suspicion = Some(suspected.cause),
            Event::Trusted(_) => self.suspicion = None,
            Event::ActionRequested(requested) if requested.cause.is_some() => {
                self.restarted_at = Some(requested.at);
            }
            _ => {}
        }
    }

    fn may_restart(&self, now: DateTime<Utc>) -> bool {
        self.restarted_at.is_none_or(|before| now - before >= RESTART_EVERY)
    }
}

impl Open {
    /// Something says that it does not work, while it says it does; not while something is done to it, which may be
    /// the reason.
    pub(super) fn suspect(&self, cause: SuspicionCause, now: DateTime<Utc>) -> Vec<Event> {
        let is_news = self.status == SessionStatus::Working
            && self.health.suspicion.is_none()
            && self.pending.is_none();
        if is_news { vec![Event::Suspected(Suspected { cause, at: now })] } else { vec![] }
    }

    pub(super) fn trust(&self, cause: TrustCause, at: DateTime<Utc>) -> Option<Event> {
        self.health.suspicion.map(|_| Event::Trusted(Trusted { cause, at }))
    }

    /// Has it restarted if it needs that, and nothing else is being done to it. A session that never was paired
    /// waits for a person.
    pub(super) fn heal(&self, now: DateTime<Utc>) -> Vec<Event> {
        let (action, cause) = match (&self.status, self.health.suspicion) {
            (SessionStatus::Working, Some(suspicion)) => {
                (suspicion.remedy(), ActionCause::Suspected)
            }
            (SessionStatus::Failed, _) if self.phone.is_some() => {
                (Action::Restart, ActionCause::Failed)
            }
            _ => return vec![],
        };
        if self.pending.is_some() || !self.health.may_restart(now) {
            return vec![];
        }
        vec![Event::ActionRequested(ActionRequested { action, cause: Some(cause), at: now })]
    }
}

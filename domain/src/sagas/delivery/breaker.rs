//! When to stop calling a WAHA server, or through a session, and when to begin again. Pure.
//!
//! ```text
//!            failures_max failures in a row                the time is over
//!   closed ---------------------------------> open ----------------------------> half open
//!     ^ |                                      ^                                    | |
//!     | `- success: the failures are forgotten `-- the probe fails: for twice as long | |
//!     `----- the probe succeeds: one more failure opens it again, a success forgets all
//! ```
//!
//! A probe asks WAHA how it is and sends nothing, so no message's attempt is spent to find out. What is still under way
//! when the breaker opens may succeed or fail, and changes nothing any more.

use chrono::{DateTime, TimeDelta, Utc};

use crate::message::refusal::RefusalKind;
use crate::ports::waha::{Fault, SendOutcome};

/// Whether calls are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// They are.
    Closed {
        /// How many have failed since one succeeded.
        failures: u32,
        /// How often it has been open since one succeeded.
        openings: u32,
    },
    /// They are not.
    Open {
        /// Until when not even a probe is made.
        until: DateTime<Utc>,
        /// How often it has been open since a call succeeded, this time included.
        openings: u32,
    },
    /// One asks how it is; the others wait.
    HalfOpen {
        /// How often it has been open since a call succeeded.
        openings: u32,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0, openings: 0 }
    }
}

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failures in a row that open it; at least 1.
    pub failures_max: u32,
    /// How long it is open for the first time; twice as long each further time.
    pub open_for: TimeDelta,
    /// How long it is open at most.
    pub open_for_max: TimeDelta,
}

impl BreakerPolicy {
    /// How long it is open for the `openings`th time.
    fn open_time(&self, openings: u32) -> TimeDelta {
        let doublings = openings.saturating_sub(1).min(20);
        let doubled = self.open_for.checked_mul(1 << doublings);
        doubled.unwrap_or(self.open_for_max).min(self.open_for_max)
    }

    fn opened(&self, openings: u32, now: DateTime<Utc>) -> Breaker {
        let openings = openings.saturating_add(1);
        Breaker::Open { until: now + self.open_time(openings), openings }
    }
}

impl Breaker {
    /// Whether calls are made.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// After what a call told.
    #[must_use]
    pub fn after_call(self, sign: Sign, policy: &BreakerPolicy, now: DateTime<Utc>) -> Self {
        match (self, sign) {
            (Self::Closed { .. }, Sign::Well) => Self::default(),
            (Self::Closed { failures, openings }, Sign::Ill) => {
                let failures = failures.saturating_add(1);
                if failures < policy.failures_max {
                    return Self::Closed { failures, openings };
                }
                policy.opened(openings, now)
            }
            (breaker, _) => breaker,
        }
    }

    /// Half open, if it is time for a probe.
    #[must_use]
    pub fn to_be_probed(self, now: DateTime<Utc>) -> Self {
        match self {
            Self::Open { until, openings } if until <= now => Self::HalfOpen { openings },
            breaker => breaker,
        }
    }

    /// After the probe. One that succeeds is not trusted yet: the next call that fails opens it again, for longer.
    #[must_use]
    pub fn after_probe(self, is_well: bool, policy: &BreakerPolicy, now: DateTime<Utc>) -> Self {
        match self {
            Self::HalfOpen { openings } if is_well => {
                Self::Closed { failures: policy.failures_max.saturating_sub(1), openings }
            }
            Self::HalfOpen { openings } => policy.opened(openings, now),
            breaker => breaker,
        }
    }
}

/// What an outcome tells of a server, or of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It works.
    Well,
    /// It does not.
    Ill,
    /// Nothing.
    Nothing,
}

/// What the outcome of a send tells of the server and of the session.
///
/// A server that answers for itself is well, whatever it answers. A session is well only if it sends; that its status
/// is another than WORKING is known by that status, which holds its queue.
pub const fn signs(outcome: &SendOutcome) -> (Sign, Sign) {
    match outcome {
        SendOutcome::Sent { .. } => (Sign::Well, Sign::Well),
        SendOutcome::Refused { refusal, .. } => match refusal.kind {
            RefusalKind::Unreachable | RefusalKind::Unauthorized => (Sign::Ill, Sign::Nothing),
            RefusalKind::SessionNotWorking | RefusalKind::NotFound => (Sign::Well, Sign::Ill),
            RefusalKind::RateLimited => (Sign::Nothing, Sign::Nothing),
            RefusalKind::Invalid | RefusalKind::NotSupported | RefusalKind::ReachOutLocked => {
                (Sign::Well, Sign::Nothing)
            }
        },
        SendOutcome::Unknown { fault, .. } => match fault {
            Fault::Server => (Sign::Ill, Sign::Nothing),
            Fault::Session => (Sign::Well, Sign::Ill),
            Fault::Either => (Sign::Ill, Sign::Ill),
        },
    }
}

#[cfg(test)]
mod tests;

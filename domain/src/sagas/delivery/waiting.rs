//! Why a message has not gone out yet, for those who ask.
//!
//! The same conditions as the dispatcher's, one after the other, so that an answer names the first that stands in
//! the way.

use chrono::{DateTime, Utc};

use crate::session::queue_mode::QueueMode;
use crate::session::status::SessionStatus;

/// What is known of a message on the queue, and of its session.
#[derive(Debug, Clone, PartialEq)]
pub struct Prospect {
    /// Its outcome is unknown, and it is looked for: when next, if at all.
    pub doubt: Option<Option<DateTime<Utc>>>,
    /// An engine is working on it.
    pub is_leased: bool,
    /// When it was to go at first.
    pub ready_at: DateTime<Utc>,
    /// Not before this.
    pub due_at: DateTime<Utc>,
    /// Messages of its chat that go before it, as far as they are counted.
    pub ahead_in_chat: u32,
    /// It is to somebody the session may not write to now.
    pub is_barred: bool,
    /// WAHA's word for the session's state.
    pub status: SessionStatus,
    /// What people want of its queue.
    pub queue_mode: QueueMode,
    /// It is suspect.
    pub is_suspect: bool,
    /// Why WAHA is not called for it, if it is not.
    pub silence: Option<Silence>,
    /// Until when WhatsApp has locked it for reaching out, if it has.
    pub reach_out_locked_until: Option<DateTime<Utc>>,
    /// When its pace allows the next message.
    pub next_token_at: DateTime<Utc>,
}

/// Why WAHA is not called for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// An operator has said that its server is down.
    ServerDown,
    /// Calls keep failing; when WAHA is next asked how it is.
    BreakerOpen(DateTime<Utc>),
}

/// What a message waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// For its outcome, which is unknown: looked for at this time, or no more.
    ForProof(Option<DateTime<Utc>>),
    /// For WAHA's answer.
    ForAnswer,
    /// For the session to work.
    ForSession(SessionStatus),
    /// For somebody to let the queue run.
    ForRelease,
    /// For the session to be trusted.
    ForTrust,
    /// For an operator to say that its WAHA server is up.
    ForServer,
    /// For its WAHA server or session to be well again: calls keep failing.
    ForBreaker(DateTime<Utc>),
    /// For the time it is to be sent.
    ForTime(DateTime<Utc>),
    /// For the next attempt, or because messages to one chat are spaced.
    ForRetry(DateTime<Utc>),
    /// For others of its chat.
    ForOthers(u32),
    /// For WhatsApp to let the session write to strangers.
    ForLock(DateTime<Utc>),
    /// For a new day: the session has written to as many strangers as it may.
    ForBudget,
    /// For the session's pace.
    ForPace(DateTime<Utc>),
    /// For its turn, which is now.
    ForTurn,
}

impl Prospect {
    /// What it waits for.
    pub fn waits_for(&self, now: DateTime<Utc>) -> Waiting {
        if let Some(next_look_at) = self.doubt {
            return Waiting::ForProof(next_look_at);
        }
        if self.is_leased {
            return Waiting::ForAnswer;
        }
        if self.ready_at > now {
            return Waiting::ForTime(self.ready_at);
        }
        if self.status != SessionStatus::Working {
            return Waiting::ForSession(self.status.clone());
        }
        if self.queue_mode == QueueMode::Hold {
            return Waiting::ForRelease;
        }
        if self.is_suspect {
            return Waiting::ForTrust;
        }
        match self.silence {
            Some(Silence::ServerDown) => return Waiting::ForServer,
            Some(Silence::BreakerOpen(until)) => return Waiting::ForBreaker(until),
            None => {}
        }
        if self.ahead_in_chat > 0 {
            return Waiting::ForOthers(self.ahead_in_chat);
        }
        if self.due_at > now {
            return Waiting::ForRetry(self.due_at);
        }
        match self.reach_out_locked_until.filter(|until| *until > now) {
            Some(until) if self.is_barred => return Waiting::ForLock(until),
            None if self.is_barred => return Waiting::ForBudget,
            _ => {}
        }
        if self.next_token_at > now {
            return Waiting::ForPace(self.next_token_at);
        }
        Waiting::ForTurn
    }
}

impl Waiting {
    /// The word clients may rely on.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ForProof(_) => "outcome_unknown",
            Self::ForAnswer => "sending",
            Self::ForSession(_) => "session_not_working",
            Self::ForRelease => "queue_held",
            Self::ForTrust => "session_suspect",
            Self::ForServer => "server_down",
            Self::ForBreaker(_) => "breaker_open",
            Self::ForTime(_) => "scheduled",
            Self::ForRetry(_) => "not_due",
            Self::ForOthers(_) => "behind_in_chat",
            Self::ForLock(_) => "reach_out_locked",
            Self::ForBudget => "first_contacts_spent",
            Self::ForPace(_) => "paced",
            Self::ForTurn => "next",
        }
    }

    /// Until when, where that is known.
    pub const fn until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::ForTime(at)
            | Self::ForRetry(at)
            | Self::ForLock(at)
            | Self::ForPace(at)
            | Self::ForBreaker(at) => Some(*at),
            Self::ForProof(at) => *at,
            Self::ForAnswer
            | Self::ForSession(_)
            | Self::ForRelease
            | Self::ForTrust
            | Self::ForServer
            | Self::ForOthers(_)
            | Self::ForBudget
            | Self::ForTurn => None,
        }
    }

    /// In words, and what can be done about it.
    pub fn describe(&self) -> String {
        match self {
            Self::ForProof(Some(_)) => {
                "WAHA may have sent it and did not say; it is being looked for".to_owned()
            }
            Self::ForProof(None) => {
                "WAHA may have sent it and did not say, and it could not be found out; look at the \
                phone and settle it"
                    .to_owned()
            }
            Self::ForAnswer => "it is being handed to WAHA".to_owned(),
            Self::ForSession(status) => {
                format!("its session is {status}; it goes once the session is WORKING")
            }
            Self::ForRelease => {
                "its session's queue is held; it goes once the queue runs".to_owned()
            }
            Self::ForTrust => {
                "its session says that it works, but there is reason to doubt it; it goes after a \
                restart or the next acknowledgement"
                    .to_owned()
            }
            Self::ForServer => {
                "its WAHA server is marked down; it goes once the server is active, or the session is moved"
                    .to_owned()
            }
            Self::ForBreaker(_) => {
                "calls to WAHA for its session keep failing; it goes once WAHA says that it is well".to_owned()
            }
            Self::ForTime(_) => "it is to be sent later".to_owned(),
            Self::ForRetry(_) => {
                "it waits between attempts, or because messages to one chat are spaced".to_owned()
            }
            Self::ForOthers(ahead) => format!("{ahead} messages to the same chat go before it"),
            Self::ForLock(_) => {
                "WhatsApp lets its session write only to those who wrote to it".to_owned()
            }
            Self::ForBudget => {
                "its session has written to as many strangers as it may in a day; it goes tomorrow \
                (UTC), or when the recipient writes"
                    .to_owned()
            }
            Self::ForPace(_) => "its session sends at its pace".to_owned(),
            Self::ForTurn => "it goes next".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn seconds(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    /// Nothing stands in its way at 100 seconds.
    fn free() -> Prospect {
        Prospect {
            doubt: None,
            is_leased: false,
            ready_at: seconds(10),
            due_at: seconds(10),
            ahead_in_chat: 0,
            is_barred: false,
            status: SessionStatus::Working,
            queue_mode: QueueMode::Run,
            is_suspect: false,
            silence: None,
            reach_out_locked_until: None,
            next_token_at: seconds(50),
        }
    }

    #[test]
    fn the_first_thing_in_the_way_is_named() {
        let now = seconds(100);
        let later = seconds(200);
        let reasons: [(Prospect, Waiting); 14] = [
            (free(), Waiting::ForTurn),
            (Prospect { next_token_at: later, ..free() }, Waiting::ForPace(later)),
            (Prospect { is_barred: true, ..free() }, Waiting::ForBudget),
            (
                Prospect { is_barred: true, reach_out_locked_until: Some(later), ..free() },
                Waiting::ForLock(later),
            ),
            (Prospect { due_at: later, ..free() }, Waiting::ForRetry(later)),
            (Prospect { ahead_in_chat: 3, due_at: later, ..free() }, Waiting::ForOthers(3)),
            (
                Prospect { silence: Some(Silence::BreakerOpen(later)), ahead_in_chat: 3, ..free() },
                Waiting::ForBreaker(later),
            ),
            (
                Prospect { silence: Some(Silence::ServerDown), ahead_in_chat: 3, ..free() },
                Waiting::ForServer,
            ),
            (
                Prospect { is_suspect: true, silence: Some(Silence::ServerDown), ..free() },
                Waiting::ForTrust,
            ),
            (
                Prospect { queue_mode: QueueMode::Hold, is_suspect: true, ..free() },
                Waiting::ForRelease,
            ),
            (
                Prospect { status: SessionStatus::Failed, queue_mode: QueueMode::Hold, ..free() },
                Waiting::ForSession(SessionStatus::Failed),
            ),
            (Prospect { ready_at: later, due_at: later, ..free() }, Waiting::ForTime(later)),
            (Prospect { is_leased: true, due_at: later, ..free() }, Waiting::ForAnswer),
            (
                Prospect { doubt: Some(Some(later)), is_leased: true, ..free() },
                Waiting::ForProof(Some(later)),
            ),
        ];
        for (prospect, waiting) in reasons {
            assert_eq!(prospect.waits_for(now), waiting);
        }
    }

    #[test]
    fn a_lock_or_a_budget_bars_nobody_who_is_known() {
        let locked = Prospect { reach_out_locked_until: Some(seconds(200)), ..free() };
        assert_eq!(locked.waits_for(seconds(100)), Waiting::ForTurn);
        let drained = Prospect { queue_mode: QueueMode::Drain, ..free() };
        assert_eq!(drained.waits_for(seconds(100)), Waiting::ForTurn);
    }
}

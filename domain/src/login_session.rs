//! A login session: one sign-in, and the refresh tokens that descend from it.
//!
//! Every refresh makes a new generation and spends the old one. A spent token that comes back means two
//! hold it, one of them a thief: the session ends for both (RFC 9700, section 4.14.2).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::id::UserId;
use crate::stream::Category;

/// The state of a login session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LoginSession {
    /// No events.
    #[default]
    Absent,
    /// Its newest refresh token is good.
    Active {
        /// Whose it is.
        user_id: UserId,
        /// Which refresh token is good.
        generation: u32,
    },
    /// Over.
    Revoked,
}

/// What may be asked of a login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Begin it.
    Start {
        /// Who signed in.
        user_id: UserId,
        /// From where.
        origin: Origin,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Spend a refresh token.
    Refresh {
        /// The token's generation.
        generation: u32,
        /// Now.
        now: DateTime<Utc>,
    },
    /// End it.
    Revoke {
        /// Why.
        reason: RevocationReason,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Where a sign-in came from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The peer's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// What it said it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Something that happened to a login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody signed in.
    Started(Started),
    /// A refresh token was spent.
    Refreshed(Refreshed),
    /// It is over.
    Revoked(Revoked),
}

/// Somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// Who.
    pub user_id: UserId,
    /// From where.
    #[serde(flatten)]
    pub origin: Origin,
    /// When.
    pub at: DateTime<Utc>,
}

/// A refresh token was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refreshed {
    /// The generation that is good now.
    pub generation: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// It is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revoked {
    /// Why.
    pub reason: RevocationReason,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a login session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// Its owner signed out.
    SignedOut,
    /// A spent refresh token came back.
    RefreshReused,
}

/// Why a login session refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such login session.
    #[error("there is no such login session")]
    Unknown,
    /// The id is taken.
    #[error("a login session with this id exists already")]
    AlreadyExists,
    /// It is over.
    #[error("the login session is over")]
    Revoked,
}

impl Aggregate for LoginSession {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::LoginSession;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Start { user_id, origin, now }) => {
                Ok(vec![Event::Started(Started { user_id, origin, at: now })])
            }
            (Self::Absent, _) => Err(Rejection::Unknown),
            (_, Command::Start { .. }) => Err(Rejection::AlreadyExists),
            (Self::Active { generation: good, .. }, Command::Refresh { generation, now }) => {
                Ok(vec![if generation == *good {
                    Event::Refreshed(Refreshed { generation: good + 1, at: now })
                } else {
                    Event::Revoked(Revoked { reason: RevocationReason::RefreshReused, at: now })
                }])
            }
            (Self::Active { .. }, Command::Revoke { reason, now }) => {
                Ok(vec![Event::Revoked(Revoked { reason, at: now })])
            }
            (Self::Revoked, Command::Refresh { .. }) => Err(Rejection::Revoked),
            (Self::Revoked, Command::Revoke { .. }) => Ok(vec![]),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Started(started)) => {
                Self::Active { user_id: started.user_id, generation: 0 }
            }
            (Self::Active { user_id, .. }, Event::Refreshed(refreshed)) => {
                Self::Active { user_id, generation: refreshed.generation }
            }
            (_, Event::Revoked(_)) => Self::Revoked,
            (state @ (Self::Absent | Self::Revoked), Event::Refreshed(_)) => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn started() -> Event {
        Event::Started(Started {
            user_id: UserId(Uuid::from_u128(1)),
            origin: Origin::default(),
            at: NOW,
        })
    }

    fn refresh(generation: u32) -> Command {
        Command::Refresh { generation, now: NOW }
    }

    #[test]
    fn a_refresh_spends_its_token_and_makes_the_next_good() {
        let refreshed = Event::Refreshed(Refreshed { generation: 1, at: NOW });
        let session = LoginSession::replay(&[started()]);
        assert_eq!(session.decide(refresh(0)), Ok(vec![refreshed.clone()]));
        assert!(LoginSession::replay(&[started(), refreshed]).decide(refresh(1)).is_ok());
    }

    #[test]
    fn a_spent_token_ends_the_session() {
        let refreshed = Event::Refreshed(Refreshed { generation: 1, at: NOW });
        let ended = Event::Revoked(Revoked { reason: RevocationReason::RefreshReused, at: NOW });
        let session = LoginSession::replay(&[started(), refreshed.clone()]);
        assert_eq!(session.decide(refresh(0)), Ok(vec![ended.clone()]));
        let over = LoginSession::replay(&[started(), refreshed, ended]);
        assert_eq!(over.decide(refresh(1)), Err(Rejection::Revoked));
    }
}

//! A login session: one sign-in, and the refresh tokens that descend from it.
//!
//! Every refresh makes a new generation and spends the old one. A spent token that comes back means two
//! hold it, one of them a thief: the session ends for both (RFC 9700, section 4.14.2).
//!
//! It is good for as long as its user and its tenant are in the epoch it began in (see [`crate::user`]), and never
//! longer than a lifetime that no refresh extends.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::id::{ClientId, UserId};
use crate::origin::Origin;
use crate::stream::Category;

/// The state of a login session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LoginSession {
    /// No events.
    #[default]
    Absent,
    /// Its newest refresh token is good.
    Active(Active),
    /// Over.
    Revoked,
}

/// A login session that nobody has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Active {
    /// Whose it is.
    pub user_id: UserId,
    /// Which refresh token is good.
    pub generation: u32,
    /// In which epoch of its user and its tenant it began.
    pub epochs: Epochs,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was last refreshed, or began.
    pub refreshed_at: DateTime<Utc>,
}

/// How long login sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// However often they are refreshed.
    pub lifetime_max: TimeDelta,
    /// When they are not refreshed.
    pub idle_max: TimeDelta,
}

/// How often all login sessions of a user, and of a tenant, had been ended when one began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Epochs {
    /// Of the user.
    #[serde(default, rename = "user_epoch", skip_serializing_if = "is_first")]
    pub user: u32,
    /// Of the tenant.
    #[serde(default, rename = "tenant_epoch", skip_serializing_if = "is_first")]
    pub tenant: u32,
}

/// Whether nothing was ended before: left out of the stored form.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_first(epoch: &u32) -> bool {
    *epoch == 0
}

impl Active {
    /// Whether it is good: its user and its tenant are in the epochs it began in, and its time is not over.
    pub fn is_good(&self, epochs: Epochs, terms: Terms, now: DateTime<Utc>) -> bool {
        self.epochs == epochs
            && now < self.started_at + terms.lifetime_max
            && now < self.refreshed_at + terms.idle_max
    }
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
        /// In which epochs.
        epochs: Epochs,
        /// For which OAuth2 client, if it is one that acts for them.
        client_id: Option<ClientId>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Spend a refresh token.
    Refresh {
        /// The token's generation.
        generation: u32,
        /// In which epochs.
        epochs: Epochs,
        /// How long sessions last.
        terms: Terms,
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
    /// In which epochs.
    #[serde(flatten)]
    pub epochs: Epochs,
    /// For which OAuth2 client, if it is one that acts for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
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
    /// Its owner ended it from another one.
    ByOwner,
    /// The OAuth2 client it was begun for ended it.
    ByClient,
    /// The authorization code it was begun with came back: two hold it.
    CodeReused,
    /// Somebody who may ended it.
    ByAdministrator,
    /// Its owner began another, and had as many as they may.
    SessionLimit,
    /// It was refreshed when its time was over, or its user's sessions had all been ended.
    Expired,
}

impl RevocationReason {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::RefreshReused => "refresh_reused",
            Self::ByOwner => "by_owner",
            Self::ByClient => "by_client",
            Self::CodeReused => "code_reused",
            Self::ByAdministrator => "by_administrator",
            Self::SessionLimit => "session_limit",
            Self::Expired => "expired",
        }
    }
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
            (Self::Absent, Command::Start { user_id, origin, epochs, client_id, now }) => {
                Ok(vec![Event::Started(Started { user_id, origin, epochs, client_id, at: now })])
            }
            (Self::Absent, _) => Err(Rejection::Unknown),
            (_, Command::Start { .. }) => Err(Rejection::AlreadyExists),
            (Self::Active(session), Command::Refresh { generation, epochs, terms, now: at }) => {
                let revoked = |reason| Event::Revoked(Revoked { reason, at });
                Ok(vec![if generation != session.generation {
                    revoked(RevocationReason::RefreshReused)
                } else if session.is_good(epochs, terms, at) {
                    Event::Refreshed(Refreshed { generation: generation.saturating_add(1), at })
                } else {
                    revoked(RevocationReason::Expired)
                }])
            }
            (Self::Active(_), Command::Revoke { reason, now }) => {
                Ok(vec![Event::Revoked(Revoked { reason, at: now })])
            }
            (Self::Revoked, Command::Refresh { .. }) => Err(Rejection::Revoked),
            (Self::Revoked, Command::Revoke { .. }) => Ok(vec![]),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Started(Started { user_id, epochs, at, .. })) => Self::Active(Active {
                user_id: *user_id,
                generation: 0,
                epochs: *epochs,
                started_at: *at,
                refreshed_at: *at,
            }),
            (Self::Active(session), Event::Refreshed(refreshed)) => {
                let Refreshed { generation, at } = *refreshed;
                Self::Active(Active { generation, refreshed_at: at, ..session })
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
    const EPOCHS: Epochs = Epochs { user: 2, tenant: 1 };
    const DAY: TimeDelta = TimeDelta::days(1);
    const TERMS: Terms = Terms { lifetime_max: DAY, idle_max: TimeDelta::hours(1) };

    fn started() -> Event {
        Event::Started(Started {
            user_id: UserId(Uuid::from_u128(1)),
            origin: Origin::default(),
            epochs: EPOCHS,
            client_id: None,
            at: NOW,
        })
    }

    fn refresh(generation: u32) -> Command {
        Command::Refresh { generation, epochs: EPOCHS, terms: TERMS, now: NOW }
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

    #[test]
    fn a_session_ends_with_its_epochs_with_idleness_and_with_its_lifetime() {
        let hour = TimeDelta::hours(1);
        let refreshed = |at| Event::Refreshed(Refreshed { generation: 1, at });
        let goes_on = |session: &LoginSession, epochs, now| {
            let LoginSession::Active(Active { generation, .. }) = *session else { return false };
            let command = Command::Refresh { generation, epochs, terms: TERMS, now };
            let decided = session.decide(command).unwrap();
            let is_over = matches!(
                decided[..],
                [Event::Revoked(Revoked { reason: RevocationReason::Expired, .. })]
            );
            !is_over
        };
        let session = LoginSession::replay(&[started()]);
        assert!(goes_on(&session, EPOCHS, NOW + hour / 2));
        assert!(!goes_on(&session, Epochs { user: 3, ..EPOCHS }, NOW));
        assert!(!goes_on(&session, Epochs { tenant: 2, ..EPOCHS }, NOW));
        assert!(!goes_on(&session, EPOCHS, NOW + hour));
        let busy = LoginSession::replay(&[started(), refreshed(NOW + DAY - hour / 2)]);
        assert!(goes_on(&busy, EPOCHS, NOW + DAY - hour / 4));
        assert!(!goes_on(&busy, EPOCHS, NOW + DAY));
    }
}

//! Somebody was refused: a fact of its own, a stream each, for those who look after security.
//!
//! What was tried is named, never the secret it was tried with. From where is in the event's metadata.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::aggregate::Aggregate;
use crate::email::EmailAddress;
use crate::id::UserId;
use crate::stream::Category;

/// The state of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refusal {
    /// No events.
    #[default]
    Absent,
    /// It happened.
    Told,
}

/// What may be asked of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Tell that it happened.
    Tell(Refused),
}

/// Something that happened to a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody was refused.
    Refused(Refused),
}

/// Somebody was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// With what they tried.
    pub means: Means,
    /// Why they were refused.
    pub reason: Reason,
    /// The address they said is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// The user they said they are, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The API key, OAuth2 client or login session it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<Uuid>,
    /// When.
    pub at: DateTime<Utc>,
}

/// With what somebody tried to get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// An address and a password.
    Password,
    /// A code of the second factor.
    SecondFactor,
    /// A token sent by mail.
    MailedToken,
    /// An API key.
    ApiKey,
    /// An OAuth2 client's secret, or a code given to it.
    Client,
}

/// Why somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is nobody, or nothing, of the name.
    Unknown,
    /// The secret is another.
    WrongSecret,
    /// The secret was used before.
    Reused,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It does not reach so far.
    OutOfScope,
    /// The account is locked.
    Locked,
    /// The account is deactivated.
    Deactivated,
    /// The tenant is suspended.
    TenantSuspended,
    /// The user has as many login sessions as they may.
    SessionLimit,
    /// The address does not belong to who uses it, for all that is known.
    Unverified,
}

/// Why a refusal refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken.
    #[error("the refusal is told already")]
    AlreadyTold,
}

impl Aggregate for Refusal {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::Refusal;

    fn decide(&self, Command::Tell(refused): Command) -> Result<Vec<Event>, Rejection> {
        match self {
            Self::Absent => Ok(vec![Event::Refused(refused)]),
            Self::Told => Err(Rejection::AlreadyTold),
        }
    }

    fn evolve(self, Event::Refused(_): &Event) -> Self {
        Self::Told
    }
}

//! An API key: how a program calls in the tenant's name, with the permissions it was given and no others.
//!
//! The key itself is a secret and kept beside the log; events name it by its prefix.

pub mod event;

#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Permission;
use crate::access::permissions::Permissions;
use crate::aggregate::Aggregate;
use crate::label::Label;
use crate::stream::Category;
use event::{Created, Event, Revoked, Rotated};

/// Characters of a prefix.
pub const PREFIX_CHARACTERS: usize = 8;

/// The state of an API key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ApiKey {
    /// No events.
    #[default]
    Absent,
    /// Opens what it was given, unless its time is over.
    Active(Terms),
    /// Opens nothing any more.
    Revoked,
}

/// What a key opens, until when, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What.
    pub scopes: Permissions,
    /// Until when; none: for ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// Requests per minute; none: as many as its tenant may make.
    pub rate_limit_per_minute: Option<NonZeroU32>,
}

impl Terms {
    /// Whether its time is over.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// What may be asked of an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make it.
    Create {
        /// With these terms.
        created: Created,
        /// What whoever makes it may do: nobody gives what they do not have.
        holds: Permissions,
    },
    /// Give it another secret.
    Rotate {
        /// Until when the present one is good.
        old_good_until: DateTime<Utc>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Make it useless.
    Revoke {
        /// Why, in somebody's words.
        reason: Option<Label>,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Why an API key refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such key.
    #[error("there is no such API key")]
    Unknown,
    /// The id is taken.
    #[error("an API key with this id exists already")]
    AlreadyExists,
    /// It is revoked.
    #[error("the API key is revoked")]
    Revoked,
    /// It would open nothing.
    #[error("must name at least one scope")]
    NoScopes,
    /// Who makes it does not have this permission.
    #[error("must not name {}, which you do not have yourself", .0.as_str())]
    ScopeNotHeld(Permission),
    /// It would be over before it begins.
    #[error("must lie in the future")]
    ExpiresTooEarly,
}

impl Aggregate for ApiKey {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::ApiKey;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create { created, holds }) => {
                if created.scopes.is_empty() {
                    return Err(Rejection::NoScopes);
                }
                if let Some(permission) = holds.lacks(created.scopes) {
                    return Err(Rejection::ScopeNotHeld(permission));
                }
                if created.expires_at.is_some_and(|end| end <= created.at) {
                    return Err(Rejection::ExpiresTooEarly);
                }
                Ok(vec![Event::Created(created)])
            }
            (_, Command::Create { .. }) => Err(Rejection::AlreadyExists),
            (Self::Absent, _) => Err(Rejection::Unknown),
            (Self::Active(_), Command::Rotate { old_good_until, now }) => {
                Ok(vec![Event::Rotated(Rotated { old_good_until, at: now })])
            }
            (Self::Revoked, Command::Rotate { .. }) => Err(Rejection::Revoked),
            (Self::Active(_), Command::Revoke { reason, now }) => {
                Ok(vec![Event::Revoked(Revoked { reason, at: now })])
            }
            (Self::Revoked, Command::Revoke { .. }) => Ok(vec![]),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match event {
            Event::Created(created) => Self::Active(Terms {
                scopes: created.scopes,
                expires_at: created.expires_at,
                rate_limit_per_minute: created.rate_limit_per_minute,
            }),
            Event::Rotated(_) => self,
            Event::Revoked(_) => Self::Revoked,
        }
    }
}

/// How a key is called where its secret must not be shown: 8 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPrefix(String);

/// The text is no prefix of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {PREFIX_CHARACTERS} letters and digits")]
pub struct InvalidKeyPrefix;

/// What a prefix is made of.
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl KeyPrefix {
    /// Made of random bytes. Some letters come a little more often than others: it is a name, not a secret.
    pub fn of(random: [u8; PREFIX_CHARACTERS]) -> Self {
        let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
        Self(random.into_iter().map(letter).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyPrefix {
    type Error = InvalidKeyPrefix;

    fn try_from(text: String) -> Result<Self, InvalidKeyPrefix> {
        let is_sound = text.len() == PREFIX_CHARACTERS
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_sound { Ok(Self(text)) } else { Err(InvalidKeyPrefix) }
    }
}

impl From<KeyPrefix> for String {
    fn from(prefix: KeyPrefix) -> Self {
        prefix.0
    }
}

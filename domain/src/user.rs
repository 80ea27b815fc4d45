//! A user: somebody who signs in. The password's hash is kept beside the log, never in it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::aggregate::Aggregate;
use crate::email::EmailAddress;
use crate::stream::Category;

/// The state of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum User {
    /// No events.
    #[default]
    Absent,
    /// May sign in.
    Active {
        /// What they are in the tenant.
        role: Role,
    },
}

/// What may be asked of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make one.
    Create {
        /// Signs in with it.
        email: EmailAddress,
        /// What they are in the tenant.
        role: Role,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Something that happened to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Made.
    Created(Created),
}

/// Made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// Signs in with it.
    pub email: EmailAddress,
    /// What they are in the tenant.
    pub role: Role,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a user refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken.
    #[error("a user with this id exists already")]
    AlreadyExists,
}

impl Aggregate for User {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::User;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create { email, role, now }) => {
                Ok(vec![Event::Created(Created { email, role, at: now })])
            }
            (Self::Active { .. }, Command::Create { .. }) => Err(Rejection::AlreadyExists),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match event {
            Event::Created(created) => Self::Active { role: created.role },
        }
    }
}

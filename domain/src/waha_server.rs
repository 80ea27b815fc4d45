//! A WAHA server: where sessions run.
//!
//! There may be several; each session is placed on one. The one named `default` is the one the settings name: it is
//! always there, whether it has events or not. A server's key is a secret and not here.
//!
//! ```text
//! active    takes new sessions
//! draining  takes no new ones; those on it go on
//! down      is not called at all: what its sessions are to send waits
//! ```

pub mod event;
pub mod name;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::stream::Category;
use event::{Changed, Event, Moment, Registered};
use name::{ServerName, ServerUrl};

/// The state of a server's stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WahaServer {
    /// Not registered, or removed.
    #[default]
    Absent,
    /// Registered.
    Present(Present),
}

/// A server that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Its name.
    pub name: ServerName,
    /// Where it is; none: where the settings say.
    pub url: Option<ServerUrl>,
    /// How many sessions it takes.
    pub capacity: Capacity,
    /// Whether it takes new ones, and whether it is called.
    pub state: ServerState,
}

/// How many sessions a server takes; none: any number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Capacity(pub Option<u32>);

/// Whether a server takes new sessions, and whether it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// It takes new sessions.
    #[default]
    Active,
    /// It takes no new ones; those on it go on.
    Draining,
    /// It is not called; what its sessions are to send waits.
    Down,
}

impl ServerState {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Down => "down",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Draining, Self::Down].into_iter().find(|state| state.as_str() == word)
    }
}

/// What may be asked of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Take it into the registry.
    Register {
        /// Its name.
        name: ServerName,
        /// Where it is; none for the one the settings name.
        url: Option<ServerUrl>,
        /// How many sessions it takes.
        capacity: Capacity,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Say where it is, or how many sessions it takes. What is none stays as it is.
    Change {
        /// Where it is.
        url: Option<ServerUrl>,
        /// How many sessions it takes.
        capacity: Option<Capacity>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Say whether it takes new sessions, and whether it is called.
    SetState {
        /// As it is to be.
        state: ServerState,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Take it out of the registry. That no session is on it is seen to where sessions are placed.
    Remove {
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Why a server refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such server.
    #[error("there is no such WAHA server")]
    Unknown,
    /// The name is taken.
    #[error("a WAHA server with this name is registered already")]
    AlreadyRegistered,
    /// The settings say where it is, and that it is there.
    #[error(
        "the WAHA server `default` is the one of the settings: change WAHA_BASE_URL and WAHA_API_KEY instead"
    )]
    NamedBySettings,
}

impl Aggregate for WahaServer {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::WahaServer;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Register { name, url, capacity, now }) => {
                Ok(vec![Event::Registered(Registered { name, url, capacity, at: now })])
            }
            (Self::Absent, _) => Err(Rejection::Unknown),
            (Self::Present(_), Command::Register { .. }) => Err(Rejection::AlreadyRegistered),
            (Self::Present(present), Command::Change { url, capacity, now }) => {
                present.change(url, capacity, now)
            }
            (Self::Present(present), Command::SetState { state, now }) => {
                let is_news = present.state != state;
                Ok(if is_news { vec![became(state, now)] } else { vec![] })
            }
            (Self::Present(present), Command::Remove { .. }) if present.name.is_default() => {
                Err(Rejection::NamedBySettings)
            }
            (Self::Present(_), Command::Remove { now }) => {
                Ok(vec![Event::Removed(Moment { at: now })])
            }
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Registered(registered)) => Self::Present(Present {
                name: registered.name.clone(),
                url: registered.url.clone(),
                capacity: registered.capacity,
                state: ServerState::Active,
            }),
            (_, Event::Removed(_)) | (Self::Absent, _) => Self::Absent,
            (Self::Present(present), event) => Self::Present(present.evolve(event)),
        }
    }
}

impl Present {
    fn change(
        &self,
        url: Option<ServerUrl>,
        capacity: Option<Capacity>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        if url.is_some() && self.name.is_default() {
            return Err(Rejection::NamedBySettings);
        }
        let url = url.or_else(|| self.url.clone());
        let capacity = capacity.unwrap_or(self.capacity);
        if url == self.url && capacity == self.capacity {
            return Ok(vec![]);
        }
        Ok(vec![Event::Changed(Changed { url, capacity, at: now })])
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::Changed(changed) => {
                self.url.clone_from(&changed.url);
                self.capacity = changed.capacity;
            }
            Event::Activated(_) => self.state = ServerState::Active,
            Event::Drained(_) => self.state = ServerState::Draining,
            Event::MarkedDown(_) => self.state = ServerState::Down,
            Event::Registered(_) | Event::Removed(_) => {}
        }
        self
    }
}

fn became(state: ServerState, at: DateTime<Utc>) -> Event {
    match state {
        ServerState::Active => Event::Activated(Moment { at }),
        ServerState::Draining => Event::Drained(Moment { at }),
        ServerState::Down => Event::MarkedDown(Moment { at }),
    }
}

#[cfg(test)]
mod tests;

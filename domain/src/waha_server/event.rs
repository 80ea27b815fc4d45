//! What can happen to a WAHA server. The stored names and versions of these shapes are in the codec.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Capacity;
use super::name::{ServerName, ServerUrl};

/// Something that happened to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Taken into the registry; takes sessions.
    Registered(Registered),
    /// It is elsewhere, or takes another number of sessions.
    Changed(Changed),
    /// It takes new sessions.
    Activated(Moment),
    /// It takes no new sessions; those on it go on.
    Drained(Moment),
    /// It is not called; what its sessions are to send waits.
    MarkedDown(Moment),
    /// Taken out of the registry.
    Removed(Moment),
}

/// Taken into the registry; takes sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Registered {
    /// Its name.
    pub name: ServerName,
    /// Where it is; none: where the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<ServerUrl>,
    /// How many sessions it takes; none: any number.
    pub capacity: Capacity,
    /// When.
    pub at: DateTime<Utc>,
}

/// It is elsewhere, or takes another number of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// Where it is; none: where the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<ServerUrl>,
    /// How many sessions it takes; none: any number.
    pub capacity: Capacity,
    /// When.
    pub at: DateTime<Utc>,
}

/// A change that says all by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
}

//! What happened to an API key, as the log keeps it.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::KeyPrefix;
use crate::access::permissions::Permissions;
use crate::label::Label;
use crate::ports::event_log::Actor;

/// Something that happened to an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Made.
    Created(Created),
    /// It has another secret.
    Rotated(Rotated),
    /// It opens nothing any more.
    Revoked(Revoked),
}

/// Made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// What people call it.
    pub name: Label,
    /// What it opens.
    pub scopes: Permissions,
    /// How it is called where its secret must not be shown.
    pub prefix: KeyPrefix,
    /// Until when it is good; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Requests per minute; absent: as many as its tenant may make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit_per_minute: Option<NonZeroU32>,
    /// Who made it.
    pub created_by: Actor,
    /// When.
    pub at: DateTime<Utc>,
}

/// It has another secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rotated {
    /// Until when the one before is good, too.
    pub old_good_until: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// It opens nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revoked {
    /// Why, in somebody's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
    /// When.
    pub at: DateTime<Utc>,
}

//! What happened to an OAuth2 client, as the log keeps it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::redirect_uri::RedirectUri;
use super::{ClientKind, GrantType};
use crate::access::permissions::Permissions;
use crate::label::Label;
use crate::ports::event_log::Actor;

/// Something that happened to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Made known.
    Registered(Registered),
    /// It has another secret.
    SecretRotated(SecretRotated),
    /// Made unknown.
    Revoked(Revoked),
}

/// Made known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Registered {
    /// What people call it.
    pub name: Label,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// How it is given tokens.
    pub grant_types: Vec<GrantType>,
    /// Where users are sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may ask for.
    pub scopes: Permissions,
    /// Who registered it.
    pub created_by: Actor,
    /// When.
    pub at: DateTime<Utc>,
}

/// It has another secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretRotated {
    /// Until when the one before is good, too.
    pub old_good_until: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Made unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revoked {
    /// Why, in somebody's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
    /// When.
    pub at: DateTime<Utc>,
}

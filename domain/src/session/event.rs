//! What can happen to a session. The stored names and versions of these shapes are in the codec.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::health::{ActionCause, SuspicionCause, TrustCause};
use super::queue_mode::QueueMode;
use super::status::SessionStatus;
use super::{Action, SessionName};
use crate::phone::PhoneNumber;
use crate::waha_server::name::ServerName;
use crate::whatsapp::Engine;

/// Something that happened to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Made; to be started.
    Created(Created),
    /// On another WAHA server than before.
    Placed(Placed),
    /// Asked for.
    ActionRequested(ActionRequested),
    /// Done in WAHA.
    ActionCompleted(ActionCompleted),
    /// Refused by WAHA for good.
    ActionFailed(ActionFailed),
    /// WAHA told something new.
    StatusChanged(StatusChanged),
    /// WhatsApp lets it write only to those who wrote to it.
    ReachOutLocked(ReachOutLocked),
    /// Takes and sends messages, or not, from now on.
    QueueModeSet(QueueModeSet),
    /// Says that it works, and may not; its queue waits.
    Suspected(Suspected),
    /// Works after all.
    Trusted(Trusted),
    /// What was missed while nobody listened is made up for.
    GapRepaired(GapRepaired),
    /// What was missed, if anything was, cannot be seen.
    GapLeft(GapLeft),
    /// Gone.
    Deleted(Deleted),
}

/// Made; to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// The tenant's name for it.
    pub name: SessionName,
    /// WAHA's name for it.
    pub waha_session: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// On another WAHA server than before. Where nothing is said, it is on the one the settings name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    /// Which.
    pub server: ServerName,
    /// Where it was, if it was moved; it is started anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Origin>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A WAHA server that a session was moved off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// Which.
    pub server: ServerName,
    /// Whether the session is only stopped there and not removed, which would forget its pairing: the servers share
    /// what they know of sessions.
    pub keep_pairing: bool,
}

/// Asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionRequested {
    /// What.
    pub action: Action,
    /// Why, where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<ActionCause>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Done in WAHA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionCompleted {
    /// What.
    pub action: Action,
    /// When.
    pub at: DateTime<Utc>,
}

/// Refused by WAHA for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionFailed {
    /// What.
    pub action: Action,
    /// Why, in WAHA's words.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// WAHA told something new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusChanged {
    /// Its status.
    pub status: SessionStatus,
    /// The engine, once told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// The paired number, once told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneNumber>,
    /// When, by WAHA's clock.
    pub at: DateTime<Utc>,
}

/// WhatsApp lets it write only to those who wrote to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReachOutLocked {
    /// Until when nobody else is written to.
    pub until: DateTime<Utc>,
    /// What was answered.
    pub detail: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Takes and sends messages, or not, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueModeSet {
    /// How it is.
    pub mode: QueueMode,
    /// When.
    pub at: DateTime<Utc>,
}

/// WAHA was asked what it may have told nobody. Recorded if it told something new, or could not tell all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapRepaired {
    /// From when on chats were looked at.
    pub from: DateTime<Utc>,
    /// When the look began: what came later is told by webhooks.
    pub to: DateTime<Utc>,
    /// Messages from others that were not known.
    pub messages: u32,
    /// Messages of ours that had come further than was known.
    pub acknowledgements: u32,
    /// Whether all was looked at; there are limits.
    pub is_complete: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// Says that it works, and may not; its queue waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspected {
    /// Why.
    pub cause: SuspicionCause,
    /// When.
    pub at: DateTime<Utc>,
}

/// Works after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trusted {
    /// How that is known.
    pub cause: TrustCause,
    /// When.
    pub at: DateTime<Utc>,
}

/// WAHA does not show what it may have told nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapLeft {
    /// From when on something may have been missed.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// Why, in WAHA's words.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// When.
    pub at: DateTime<Utc>,
}

//! What can happen to a message whose outcome is unknown, until the doubt is settled, or which is never acknowledged.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::SessionId;
use crate::message::doubt::OrderedBy;

/// Looked for in WAHA, and not found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LookedUp {
    /// Which attempt.
    pub attempt: u32,
    /// 1 for the first look.
    pub look: u32,
    /// What was seen.
    pub finding: FindingKind,
    /// Sights of absence in a row, the grace being over.
    pub absences: u32,
    /// Why nothing can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it is looked for again; absent if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_look_at: Option<DateTime<Utc>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a look that did not find the message saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The message is not where it would be seen.
    Absent,
    /// Nothing can be told.
    Undecidable,
}

/// Proven not sent by looking; it is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AbsenceProven {
    /// Which attempt.
    pub attempt: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// Looked for as often as the limit allows; stays unknown until there is proof or a person settles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftUnknown {
    /// Which attempt.
    pub attempt: u32,
    /// Why it could not be settled.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// To be sent again although the attempt may have sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResendOrdered {
    /// Which attempt.
    pub attempt: u32,
    /// Who ordered it.
    pub by: OrderedBy,
    /// Why it could not be settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Handed over, and not acknowledged by WhatsApp in time. It may still be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AckOverdue {
    /// Which attempt.
    pub attempt: u32,
    /// Through which session; events of the first release do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// When.
    pub at: DateTime<Utc>,
}

//! Proof that an attempt sent nothing, and what it says about trying again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why an attempt is proven not to have sent anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// What kind of refusal.
    pub kind: RefusalKind,
    /// What was answered or seen, without the message's own content.
    pub detail: String,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// No connection was made: refused, no such host, TLS failed.
    Unreachable,
    /// WAHA said the session is not working (422).
    SessionNotWorking,
    /// WAHA did not accept our key (401, 403).
    Unauthorized,
    /// WAHA knows no such session or route (404).
    NotFound,
    /// WAHA asked us to slow down (429).
    RateLimited,
    /// WAHA found the request malformed (400, 413 and the like).
    Invalid,
    /// The engine cannot do this (501).
    NotSupported,
    /// WhatsApp lets the session write only to those who wrote to it (error 463).
    ReachOutLocked,
}

impl RefusalKind {
    /// Whether trying again cannot help.
    pub const fn is_permanent(self) -> bool {
        matches!(self, Self::Invalid | Self::NotSupported)
    }

    /// Whether the attempt counts against the limit. A session that is not working, or locked, is waited for,
    /// not counted: the message did nothing wrong.
    pub const fn spends_an_attempt(self) -> bool {
        !matches!(self, Self::SessionNotWorking | Self::ReachOutLocked)
    }
}

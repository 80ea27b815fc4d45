//! What may be done to a session in WAHA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What may be asked to be done to a session in WAHA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Create it if need be, and start it.
    Start,
    /// Stop it, keeping the pairing.
    Stop,
    /// Stop and start.
    Restart,
    /// Forget the pairing.
    Logout,
    /// Remove it from WAHA.
    Delete,
}

impl Action {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Logout => "logout",
            Self::Delete => "delete",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Start, Self::Stop, Self::Restart, Self::Logout, Self::Delete]
            .into_iter()
            .find(|action| action.as_str() == word)
    }
}

//! How urgent a message is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// High goes before normal, normal before low; none is starved (see `sagas::delivery::shares`).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// First: codes, alerts.
    High,
    /// The usual.
    #[default]
    Normal,
    /// When there is room: campaigns.
    Low,
}

impl Priority {
    /// The word clients write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// Smaller goes first.
    pub const fn rank(self) -> i16 {
        match self {
            Self::High => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }
}

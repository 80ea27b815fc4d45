//! What a session does with messages, as a person has set it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a session does with messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueMode {
    /// Takes and sends them.
    #[default]
    Run,
    /// Takes them and keeps them.
    Hold,
    /// Sends those it has and takes no more.
    Drain,
}

impl QueueMode {
    /// Every mode, as errors list them.
    pub const ALL: [Self; 3] = [Self::Run, Self::Hold, Self::Drain];

    /// The stored word, which is also the client's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Hold => "hold",
            Self::Drain => "drain",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }
}

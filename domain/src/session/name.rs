//! How a tenant calls a session.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tenant's name for a session: 1 to 64 letters, digits, spaces, dots, hyphens or underscores, the first
/// a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct SessionName(String);

/// The text is not a session name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be 1 to 64 letters, digits, spaces, dots, hyphens or underscores, beginning with a letter or digit"
)]
pub struct InvalidSessionName;

impl SessionName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionName {
    type Error = InvalidSessionName;

    fn try_from(text: String) -> Result<Self, InvalidSessionName> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-');
        let is_sound = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(allowed);
        if is_sound { Ok(Self(text)) } else { Err(InvalidSessionName) }
    }
}

impl From<SessionName> for String {
    fn from(name: SessionName) -> Self {
        name.0
    }
}

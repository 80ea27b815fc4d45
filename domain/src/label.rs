//! What people call a key or a client: 1 to 100 characters, none of them control characters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest label, in characters.
pub const CHARACTERS_MAX: usize = 100;

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

/// The text is no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {CHARACTERS_MAX} characters without control characters")]
pub struct InvalidLabel;

impl Label {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = InvalidLabel;

    fn try_from(text: String) -> Result<Self, InvalidLabel> {
        let text = text.trim();
        let is_sound = (1..=CHARACTERS_MAX).contains(&text.chars().count())
            && !text.contains(char::is_control);
        if is_sound { Ok(Self(text.to_owned())) } else { Err(InvalidLabel) }
    }
}

impl std::str::FromStr for Label {
    type Err = InvalidLabel;

    fn from_str(text: &str) -> Result<Self, InvalidLabel> {
        text.to_owned().try_into()
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_printable() {
        assert_eq!(" Shop \u{1f6d2} ".parse::<Label>().unwrap().as_str(), "Shop \u{1f6d2}");
        for text in ["", "   ", "two\nlines", &"x".repeat(101)] {
            assert_eq!(text.parse::<Label>(), Err(InvalidLabel), "{text}");
        }
    }
}

//! The text of a message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Text of 1 to 4096 characters, free of control characters other than line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct MessageBody(String);

/// Longest body WhatsApp users can expect to arrive whole, in characters.
pub const CHARACTERS_MAX: usize = 4096;

/// Why a text is not a message body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBody {
    /// Nothing, or nothing but white space and control characters.
    #[error("must not be empty")]
    Empty,
    /// More than [`CHARACTERS_MAX`] characters.
    #[error("must be at most {CHARACTERS_MAX} characters, and has {0}")]
    TooLong(usize),
}

impl MessageBody {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What others wrote, made storable: control characters dropped, cut at the limit, maybe empty.
    pub fn sanitised(text: &str) -> String {
        printable(text).take(CHARACTERS_MAX).collect()
    }
}

/// The characters of `text` that may be stored and shown; line ends become `\n`.
fn printable(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
}

impl TryFrom<String> for MessageBody {
    type Error = InvalidBody;

    fn try_from(text: String) -> Result<Self, InvalidBody> {
        let kept: String = printable(&text).collect();
        let length = kept.chars().count();
        if kept.trim().is_empty() {
            Err(InvalidBody::Empty)
        } else if length > CHARACTERS_MAX {
            Err(InvalidBody::TooLong(length))
        } else {
            Ok(Self(kept))
        }
    }
}

impl From<MessageBody> for String {
    fn from(body: MessageBody) -> Self {
        body.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<MessageBody, InvalidBody> {
        MessageBody::try_from(text.to_owned())
    }

    #[test]
    fn control_characters_are_dropped_and_line_breaks_kept() {
        assert_eq!(parse("a\0b\r\nc\u{7}\td").unwrap().as_str(), "ab\nc\td");
    }

    #[test]
    fn an_empty_body_is_refused() {
        for text in ["", "  \n\t", "\0\u{1b}"] {
            assert_eq!(parse(text), Err(InvalidBody::Empty));
        }
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(parse(&"é".repeat(CHARACTERS_MAX)).is_ok());
        assert_eq!(
            parse(&"é".repeat(CHARACTERS_MAX + 1)),
            Err(InvalidBody::TooLong(CHARACTERS_MAX + 1))
        );
    }

    proptest! {
        #[test]
        fn parsing_twice_changes_nothing(text in ".{0,200}") {
            if let Ok(body) = parse(&text) {
                prop_assert_eq!(parse(body.as_str()), Ok(body));
            }
        }
    }
}

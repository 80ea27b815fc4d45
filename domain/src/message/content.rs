//! What a message carries beside its text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a message is, in the API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    /// Text.
    Text,
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A recording or other sound.
    Audio,
    /// A file.
    Document,
    /// A place.
    Location,
    /// A contact card.
    Contact,
    /// Anything else.
    Other,
}

impl ContentKind {
    /// The word clients write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Other => "other",
        }
    }
}

/// A client's own JSON object, carried untouched: at most [`METADATA_BYTES_MAX`] bytes, no NUL character
/// (PostgreSQL stores none).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct CustomerMetadata(Map<String, Value>);

/// Largest metadata, written as JSON.
pub const METADATA_BYTES_MAX: usize = 4096;

/// Why an object cannot be carried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// More than [`METADATA_BYTES_MAX`] bytes.
    #[error("must be at most {METADATA_BYTES_MAX} bytes of JSON, and has {0}")]
    TooLarge(usize),
    /// Holds U+0000.
    #[error("must not contain the NUL character")]
    Nul,
}

impl CustomerMetadata {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Map<String, Value>> for CustomerMetadata {
    type Error = InvalidMetadata;

    fn try_from(object: Map<String, Value>) -> Result<Self, InvalidMetadata> {
        let object = Value::Object(object);
        let text = object.to_string();
        match object {
            _ if text.len() > METADATA_BYTES_MAX => Err(InvalidMetadata::TooLarge(text.len())),
            _ if text.contains("\\u0000") => Err(InvalidMetadata::Nul),
            Value::Object(object) => Ok(Self(object)),
            _ => Ok(Self::default()),
        }
    }
}

impl From<CustomerMetadata> for Map<String, Value> {
    fn from(metadata: CustomerMetadata) -> Self {
        metadata.0
    }
}

/// The client's own name for a message: 1 to 128 characters, none of them control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct ClientReference(String);

/// The text is not a client reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 characters without control characters")]
pub struct InvalidClientReference;

impl ClientReference {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientReference {
    type Error = InvalidClientReference;

    fn try_from(text: String) -> Result<Self, InvalidClientReference> {
        let is_sound =
            (1..=128).contains(&text.chars().count()) && !text.contains(char::is_control);
        if is_sound { Ok(Self(text)) } else { Err(InvalidClientReference) }
    }
}

impl From<ClientReference> for String {
    fn from(reference: ClientReference) -> Self {
        reference.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(value: Value) -> Result<CustomerMetadata, InvalidMetadata> {
        let Value::Object(object) = value else { panic!("not an object") };
        object.try_into()
    }

    #[test]
    fn metadata_is_carried_untouched_within_its_limits() {
        let kept = metadata(json!({ "order": { "id": 7, "tags": ["a"] } })).unwrap();
        assert_eq!(Value::Object(kept.into()), json!({ "order": { "id": 7, "tags": ["a"] } }));
        assert!(matches!(
            metadata(json!({ "a": "x".repeat(5_000) })),
            Err(InvalidMetadata::TooLarge(_))
        ));
        assert_eq!(metadata(json!({ "a": "\0" })), Err(InvalidMetadata::Nul));
    }
}

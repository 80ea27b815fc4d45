//! What identifies a webhook, read before anything else of it is understood.
//!
//! ```json
//! {"id":"evt_01m7x…","timestamp":1795219674724,"event":"message.ack","session":"default","payload":{…}}
//! ```
//!
//! WAHA's event id is unique only together with the event's name: `message` and `message.any` of one message
//! share it. A repeat carries the same body to the byte, so where there is no id (the older format has none)
//! the body's fingerprint stands in for it.

use chrono::{DateTime, Utc};
use domain::id::SessionId;
use domain::webhook::Received;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::json;
use super::reader::moment;

/// Longest name and id, in characters; WAHA's session names have 54 at most.
pub const NAME_CHARACTERS_MAX: usize = 200;

/// What identifies a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The event's name, such as `message.ack`.
    pub event: String,
    /// WAHA's name of the session.
    pub waha_session: String,
    /// WAHA's id of the event, or `sha256:` and the body's fingerprint.
    pub event_id: String,
    /// When the event was, by WAHA's clock; the same in every repeat.
    pub timestamp: Option<DateTime<Utc>>,
}

/// Why a body is not a webhook. WAHA repeats a webhook that is refused, and gives up in the end.
#[derive(Debug, thiserror::Error)]
pub enum MalformedWebhook {
    /// Not text.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Not JSON, or nested too deeply.
    #[error("the body is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// A field is not there.
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
    /// A field is not a text.
    #[error("the field `{0}` must be a string")]
    NotAString(&'static str),
    /// A field is empty, too long or holds control characters.
    #[error(
        "the field `{0}` must be 1 to {NAME_CHARACTERS_MAX} characters without control characters"
    )]
    UnsoundName(&'static str),
}

impl MalformedWebhook {
    /// The field at fault, if it is one.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Missing(field) | Self::NotAString(field) | Self::UnsoundName(field) => {
                Some(field)
            }
            Self::NotUtf8 | Self::NotJson(_) | Self::NotAnObject => None,
        }
    }
}

impl Envelope {
    /// Reads what identifies the webhook; the payload may be anything.
    pub fn parse(body: &[u8]) -> Result<Self, MalformedWebhook> {
        let text = str::from_utf8(body).map_err(|_| MalformedWebhook::NotUtf8)?;
        let Value::Object(fields) = json::parse(text).map_err(MalformedWebhook::NotJson)? else {
            return Err(MalformedWebhook::NotAnObject);
        };
        let event = name(&fields, "event")?.ok_or(MalformedWebhook::Missing("event"))?;
        let waha_session = name(&fields, "session")?.ok_or(MalformedWebhook::Missing("session"))?;
        let event_id =
            name(&fields, "id")?.unwrap_or_else(|| format!("sha256:{}", fingerprint(body)));
        let timestamp = fields.get("timestamp").and_then(moment::read);
        Ok(Self { event, waha_session, event_id, timestamp })
    }

    /// The fact to be stored: this envelope, the body it was read from, whose session it is, and when it came.
    pub fn into_received(
        self,
        body: &[u8],
        session_id: Option<SessionId>,
        at: DateTime<Utc>,
    ) -> Received {
        Received {
            waha_session: self.waha_session,
            session_id,
            event: self.event,
            event_id: self.event_id,
            fingerprint: fingerprint(body),
            body: String::from_utf8_lossy(body).into_owned(),
            at,
        }
    }
}

/// SHA-256 of the body, in hexadecimal.
pub fn fingerprint(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

fn name(
    fields: &Map<String, Value>,
    field: &'static str,
) -> Result<Option<String>, MalformedWebhook> {
    let text = match fields.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(MalformedWebhook::NotAString(field)),
    };
    let is_sound = (1..=NAME_CHARACTERS_MAX).contains(&text.chars().count())
        && !text.contains(char::is_control);
    if is_sound { Ok(Some(text.clone())) } else { Err(MalformedWebhook::UnsoundName(field)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::inbound::recorded;

    fn refusal(body: &[u8]) -> String {
        Envelope::parse(body).unwrap_err().to_string()
    }

    #[test]
    fn every_recorded_webhook_is_identified() {
        for webhook in recorded::webhooks() {
            let envelope = Envelope::parse(webhook.body.as_bytes()).unwrap();
            assert_eq!(envelope.waha_session, "default");
            assert!(envelope.event_id.starts_with("evt_"), "{envelope:?}");
            assert!(envelope.timestamp.is_some(), "{envelope:?}");
        }
    }

    #[test]
    fn without_an_id_the_fingerprint_stands_in() {
        let body = br#"{"event":"message.text","session":"main-session","payload":{}}"#;
        let envelope = Envelope::parse(body).unwrap();
        assert_eq!(envelope.event_id, format!("sha256:{}", fingerprint(body)));
        assert_eq!(envelope.timestamp, None);
        assert_eq!(fingerprint(b"").get(..8), Some("e3b0c442"));
    }

    #[test]
    fn the_fact_to_be_stored_holds_the_body_as_it_came() {
        let body =
            "{\"event\": \"message\", \"session\":\"s\", \"id\":\"evt_1\", \"payload\":\"é\"}";
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        let received = envelope.into_received(body.as_bytes(), None, DateTime::UNIX_EPOCH);
        assert_eq!(received.body, body);
        assert_eq!(received.fingerprint, fingerprint(body.as_bytes()));
        assert_eq!((received.event.as_str(), received.event_id.as_str()), ("message", "evt_1"));
    }

    #[test]
    fn a_malformed_body_is_refused_and_the_field_named() {
        assert_eq!(refusal(b"\xff"), "the body is not UTF-8");
        assert_eq!(refusal(b"{"), "the body is not JSON");
        assert_eq!(refusal("[".repeat(1_000_000).as_bytes()), "the body is not JSON");
        assert_eq!(refusal(br#"["message","s"]"#), "the body is not a JSON object");
        for (body, field) in [
            (json!({ "session": "s" }), "event"),
            (json!({ "event": null, "session": "s" }), "event"),
            (json!({ "event": "message" }), "session"),
            (json!({ "event": 7, "session": "s" }), "event"),
            (json!({ "event": "", "session": "s" }), "event"),
            (json!({ "event": "message", "session": "x".repeat(201) }), "session"),
            (json!({ "event": "message", "session": "a\0b" }), "session"),
            (json!({ "event": "message", "session": "s", "id": {} }), "id"),
        ] {
            let malformed = Envelope::parse(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(malformed.field(), Some(field), "{body}");
            assert!(malformed.to_string().contains(field), "{body}");
        }
    }

    #[test]
    fn half_an_emoji_in_the_payload_loses_nothing() {
        let body =
            br#"{"event":"message","session":"s","id":"evt_1","payload":{"body":"a\ud83d"}}"#;
        assert_eq!(Envelope::parse(body).unwrap().event_id, "evt_1");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Envelope::parse(&body);
        }
    }
}

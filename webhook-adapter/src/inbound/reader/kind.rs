//! What a message is. WAHA has no one field for it: an engine's word, a media type, or what is filled in.

use domain::message::content::ContentKind;
use serde_json::Value;

/// The first of: the type told, the media's type, a place, contact cards, the event's own name, a text.
pub(super) fn of(event: &str, payload: &Value) -> ContentKind {
    let told = payload["type"].as_str().or_else(|| payload["_data"]["type"].as_str());
    told.and_then(from_word)
        .or_else(|| payload["media"]["mimetype"].as_str().map(from_mimetype))
        .or_else(|| payload["location"].is_object().then_some(ContentKind::Location))
        .or_else(|| has_entries(&payload["vCards"]).then_some(ContentKind::Contact))
        .or_else(|| event.strip_prefix("message.").and_then(from_word))
        .unwrap_or_else(|| without_a_word(payload))
}

/// The words of the older format and of whatsapp-web.js.
fn from_word(word: &str) -> Option<ContentKind> {
    match word {
        "text" | "chat" => Some(ContentKind::Text),
        "image" => Some(ContentKind::Image),
        "video" => Some(ContentKind::Video),
        "audio" | "voice" | "ptt" => Some(ContentKind::Audio),
        "document" | "file" => Some(ContentKind::Document),
        "location" => Some(ContentKind::Location),
        "contact" | "vcard" | "multi_vcard" => Some(ContentKind::Contact),
        _ => None,
    }
}

fn from_mimetype(mimetype: &str) -> ContentKind {
    match mimetype.split('/').next() {
        Some("image") => ContentKind::Image,
        Some("video") => ContentKind::Video,
        Some("audio") => ContentKind::Audio,
        _ => ContentKind::Document,
    }
}

fn has_entries(value: &Value) -> bool {
    value.as_array().is_some_and(|entries| !entries.is_empty())
}

/// Media that was not downloaded has no type; polls and the like have no text.
fn without_a_word(payload: &Value) -> ContentKind {
    let has_media = payload["hasMedia"].as_bool().unwrap_or(false);
    let has_text = payload["body"].as_str().is_some_and(|text| !text.is_empty());
    if has_text && !has_media { ContentKind::Text } else { ContentKind::Other }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_is_told_by_whatever_there_is() {
        let vcard = json!(["BEGIN:VCARD\nEND:VCARD"]);
        for (event, payload, kind) in [
            (
                "message",
                json!({ "body": "hi", "hasMedia": false, "vCards": null }),
                ContentKind::Text,
            ),
            ("message.text", json!({ "type": "text" }), ContentKind::Text),
            ("message.image", json!({ "body": "caption" }), ContentKind::Image),
            ("message.document", json!({}), ContentKind::Document),
            ("message.any", json!({ "media": { "mimetype": "image/jpeg" } }), ContentKind::Image),
            ("message", json!({ "media": { "mimetype": "video/mp4" } }), ContentKind::Video),
            (
                "message",
                json!({ "media": { "mimetype": "audio/ogg; codecs=opus" } }),
                ContentKind::Audio,
            ),
            (
                "message",
                json!({ "media": { "mimetype": "application/pdf" } }),
                ContentKind::Document,
            ),
            ("message", json!({ "_data": { "type": "ptt" } }), ContentKind::Audio),
            ("message", json!({ "location": { "latitude": "1.5" } }), ContentKind::Location),
            ("message", json!({ "vCards": vcard }), ContentKind::Contact),
            (
                "message",
                json!({ "hasMedia": true, "media": null, "body": "caption" }),
                ContentKind::Other,
            ),
            ("message", json!({ "body": null }), ContentKind::Other),
            ("message", json!(null), ContentKind::Other),
        ] {
            assert_eq!(of(event, &payload), kind, "{event} {payload}");
        }
    }
}

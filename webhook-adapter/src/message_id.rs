//! WhatsApp's id of a message, found in whatever WAHA's engines make of it.
//!
//! ```text
//! true_<chat>_<ID>                  string, of most events
//! true_<chat>_<ID>_<participant>    string, in groups
//! <ID>                              string, plain
//! {"id": <ID>, "_serialized": …}    object, of WEBJS
//! ```
//!
//! Only the bare `<ID>` is stable: the chat may be a phone number in one event and a hidden id in the next
//! (#1564), and group sends of WEBJS lack the participant their acknowledgements carry (#1464).

use domain::whatsapp::WahaMessageId;
use serde_json::Value;

/// Longest id kept; WhatsApp's own have some twenty to forty characters.
const CHARACTERS_MAX: usize = 256;

/// The id in a text or an object, if there is one.
pub(crate) fn find(value: &Value) -> Option<WahaMessageId> {
    match value {
        Value::String(text) => bare(text),
        Value::Object(object) => {
            ["id", "_serialized"].iter().find_map(|key| bare(object.get(*key)?.as_str()?))
        }
        _ => None,
    }
}

/// Whether the id says that the message is ours.
pub(crate) fn is_own(value: &Value) -> Option<bool> {
    if let Some(is_own) = value["fromMe"].as_bool() {
        return Some(is_own);
    }
    let text = value.as_str().or_else(|| value["_serialized"].as_str())?;
    match text.split('_').next()? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The chat that the id names.
pub(crate) fn chat(value: &Value) -> Option<&str> {
    let text = value.as_str().or_else(|| value["_serialized"].as_str())?;
    match text.split('_').take(5).collect::<Vec<_>>()[..] {
        ["true" | "false", chat, _] | ["true" | "false", chat, _, _] => Some(chat),
        _ => None,
    }
}

/// Chats and ids hold no `_`, so the parts are told apart by it alone.
fn bare(text: &str) -> Option<WahaMessageId> {
    let parts: Vec<&str> = text.split('_').take(5).collect();
    let id = match parts[..] {
        ["true" | "false", _, id] | ["true" | "false", _, id, _] => id,
        ["true" | "false", ..] => return None,
        _ => text,
    };
    let id: String = id.chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX + 1).collect();
    let is_sound = (1..=CHARACTERS_MAX).contains(&id.chars().count());
    is_sound.then_some(WahaMessageId(id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(value: &Value) -> Option<String> {
        find(value).map(|id| id.0)
    }

    #[test]
    fn the_bare_id_is_found_in_every_form() {
        for (value, id) in [
            (json!("true_11111111111@c.us_3EB0AA"), "3EB0AA"),
            (json!("false_120363000000000000@g.us_CCCC_222222222222222@lid"), "CCCC"),
            (json!("3EB0AA"), "3EB0AA"),
            (json!("waha_msg_123456"), "waha_msg_123456"),
            (
                json!({ "fromMe": true, "id": "3EB0AA", "_serialized": "true_1@c.us_3EB0AA" }),
                "3EB0AA",
            ),
            (json!({ "_serialized": "true_1@c.us_3EB0AA" }), "3EB0AA"),
            (json!("3EB0\u{0}AA"), "3EB0AA"),
        ] {
            assert_eq!(found(&value).as_deref(), Some(id), "{value}");
        }
    }

    #[test]
    fn nonsense_has_no_id() {
        let long = "A".repeat(CHARACTERS_MAX + 1);
        for value in [
            json!(""),
            json!("\u{0}"),
            json!(7),
            json!(null),
            json!([]),
            json!({ "id": 7 }),
            json!("true_1@c.us"),
            json!("true_1@c.us_"),
            json!("true_a_b_c_d"),
            json!(long),
        ] {
            assert_eq!(found(&value), None, "{value}");
        }
    }

    #[test]
    fn the_id_names_the_chat() {
        for value in [
            json!("true_1@c.us_A"),
            json!("false_1@c.us_A_2@lid"),
            json!({ "id": "A", "_serialized": "true_1@c.us_A" }),
        ] {
            assert_eq!(chat(&value), Some("1@c.us"), "{value}");
        }
        for value in [json!("A"), json!("true_1@c.us"), json!({ "id": "A" }), json!(null)] {
            assert_eq!(chat(&value), None, "{value}");
        }
    }

    #[test]
    fn the_id_tells_whose_message_it_is() {
        assert_eq!(is_own(&json!("true_1@c.us_A")), Some(true));
        assert_eq!(is_own(&json!("false_1@c.us_A")), Some(false));
        assert_eq!(is_own(&json!({ "fromMe": true, "id": "A" })), Some(true));
        assert_eq!(is_own(&json!("waha_msg_1")), None);
    }
}

//! WEBJS: the whatsapp-web.js message, whose `id` is an object.

use serde_json::{Value, json};

use crate::{message::ChatMessage, session::Me};

/// The library's own message.
pub(super) fn raw(message: &ChatMessage, me: Option<&Me>) -> Value {
    let (from, to) = ends(message, me);
    let id = json!({
        "fromMe": message.from_me,
        "remote": message.chat_id,
        "id": message.message_id,
        "_serialized": message.serialized_id(),
    });
    json!({
        "_data": { "id": id, "body": message.body, "type": "chat", "t": message.at.timestamp() },
        "id": id,
        "ack": message.ack,
        "hasMedia": false,
        "body": message.body,
        "type": "chat",
        "timestamp": message.at.timestamp(),
        "from": from,
        "to": to,
        "deviceType": "web",
        "isForwarded": false,
        "forwardingScore": 0,
        "isStatus": false,
        "isStarred": false,
        "fromMe": message.from_me,
        "hasQuotedMsg": false,
        "vCards": [],
        "mentionedIds": [],
        "isGif": false,
        "links": [],
    })
}

/// Also the payload of `message.ack`, which here is the whole message.
pub(super) fn message_payload(message: &ChatMessage, me: Option<&Me>) -> Value {
    let (from, to) = ends(message, me);
    json!({
        "id": message.serialized_id(),
        "timestamp": message.at.timestamp(),
        "from": from,
        "fromMe": message.from_me,
        "source": if message.from_me { "api" } else { "app" },
        "to": to,
        "body": message.body,
        "hasMedia": false,
        "media": null,
        "ack": message.ack,
        "ackName": message.ack_name(),
        "location": null,
        "vCards": [],
        "replyTo": null,
        "_data": raw(message, me)["_data"],
    })
}

/// Who wrote and who reads.
fn ends<'a>(message: &'a ChatMessage, me: Option<&'a Me>) -> (&'a str, Option<&'a str>) {
    let me = me.map(|me| me.id.as_str());
    if message.from_me {
        (me.unwrap_or_default(), Some(&message.chat_id))
    } else {
        (&message.chat_id, me)
    }
}

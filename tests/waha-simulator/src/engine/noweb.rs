//! NOWEB: Baileys' message, with the key inside and the time as a string.

use serde_json::{Value, json};

use crate::message::{self, ChatMessage};

/// Baileys' own message.
pub(super) fn raw(message: &ChatMessage) -> Value {
    let key = json!({
        "remoteJid": message::jid(&message.chat_id),
        "fromMe": message.from_me,
        "id": message.message_id,
    });
    if message.from_me {
        return json!({
            "key": key,
            "message": { "extendedTextMessage": { "text": message.body } },
            "messageTimestamp": message.at.timestamp().to_string(),
            "status": "PENDING",
        });
    }
    json!({
        "key": key,
        "messageTimestamp": message.at.timestamp(),
        "pushName": "Bob",
        "message": { "conversation": message.body },
        "status": message.ack + 1,
    })
}

/// In a direct chat `to` is absent, and `from` is the peer in both directions.
pub(super) fn message_payload(message: &ChatMessage) -> Value {
    json!({
        "id": message.serialized_id(),
        "timestamp": message.at.timestamp(),
        "from": message.chat_id,
        "fromMe": message.from_me,
        "source": if message.from_me { "api" } else { "app" },
        "body": message.body,
        "hasMedia": false,
        "media": null,
        "ack": message.ack,
        "ackName": message.ack_name(),
        "location": null,
        "vCards": null,
        "replyTo": null,
        "_data": raw(message),
    })
}

/// Five fields and no more.
pub(super) fn ack_payload(message: &ChatMessage) -> Value {
    json!({
        "id": message.serialized_id(),
        "from": message.chat_id,
        "fromMe": message.from_me,
        "ack": message.ack,
        "ackName": message.ack_name(),
    })
}

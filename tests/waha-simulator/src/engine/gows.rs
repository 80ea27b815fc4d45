//! GOWS: whatsmeow's event, with Go's capitalised names, behind a serialized id.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::{
    message::{self, ChatMessage},
    session::Me,
};

pub(super) fn send_answer(message: &ChatMessage, me: Option<&Me>) -> Value {
    json!({ "id": id(message, me), "_data": raw(message, me) })
}

pub(super) fn message_payload(message: &ChatMessage, me: Option<&Me>) -> Value {
    json!({
        "id": id(message, me),
        "timestamp": message.at.timestamp(),
        "from": message.chat_id,
        "fromMe": message.from_me,
        "source": if message.from_me { "api" } else { "app" },
        "body": message.body,
        "hasMedia": false,
        "media": null,
        "ack": message.ack,
        "location": null,
        "vCards": null,
        "ackName": message.ack_name(),
        "replyTo": null,
        "_data": raw(message, me),
    })
}

pub(super) fn ack_payload(message: &ChatMessage) -> Value {
    json!({
        "id": message.serialized_id(),
        "from": message.chat_id,
        "fromMe": message.from_me,
        "ack": message.ack,
        "ackName": message.ack_name(),
        "_data": {
            "Chat": message::jid(&message.chat_id),
            "IsFromMe": message.from_me,
            "MessageIDs": [message.message_id],
        },
    })
}

/// In a group the id also names the sender.
fn id(message: &ChatMessage, me: Option<&Me>) -> String {
    match me {
        Some(me) if is_group(message) => format!("{}_{}", message.serialized_id(), me.id),
        _ => message.serialized_id(),
    }
}

fn raw(message: &ChatMessage, me: Option<&Me>) -> Value {
    let chat = message::jid(&message.chat_id);
    let sender = if message.from_me { me.map(|me| message::jid(&me.id)) } else { None };
    json!({
        "Info": {
            "Chat": chat,
            "Sender": sender.unwrap_or_else(|| chat.clone()),
            "IsFromMe": message.from_me,
            "IsGroup": is_group(message),
            "ID": message.message_id,
            "PushName": if message.from_me { "" } else { "Bob" },
            "Timestamp": message.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "Type": "text",
        },
        "Message": { "extendedTextMessage": { "text": message.body } },
    })
}

fn is_group(message: &ChatMessage) -> bool {
    message.chat_id.ends_with("@g.us")
}

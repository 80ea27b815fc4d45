//! A message seen in a chat: somebody else's, or one of ours.
//!
//! WAHA's `WAMessage`: `{"id":"false_<chat>_<ID>[_<participant>]","timestamp":<s>,"from":<chat>,"fromMe":false,
//! "participant":<who, in groups>,"body":…,"hasMedia":…,"media":…,"location":…,"vCards":…,"_data":<the
//! engine's own>}`. WhatsApp hides phone numbers behind `@lid` addresses; the number is then only in
//! `_data`, and only if WhatsApp told the engine (#993).

use domain::body::MessageBody;
use domain::phone::PhoneNumber;
use domain::ports::waha::{Arrival, Observation};
use serde_json::Value;

use super::{Webhook, kind};
use crate::{address, message_id};

/// Where engines keep the number of a hidden sender in a group: NOWEB, GOWS.
const GROUP_NUMBERS: [&str; 2] = ["/_data/key/participantAlt", "/_data/Info/SenderAlt"];
/// And in a chat of two.
const DIRECT_NUMBERS: [&str; 2] = ["/_data/key/remoteJidAlt", "/_data/Info/SenderAlt"];

/// Ours if WAHA says so, in the payload or in the id; the older format only reports other people's.
pub(super) fn read(webhook: Webhook<'_>) -> Option<Observation> {
    let payload = webhook.payload;
    let is_own = payload["fromMe"].as_bool().or_else(|| message_id::is_own(&payload["id"]));
    if is_own == Some(true) {
        return echo(webhook);
    }
    let waha_message_id = message_id::find(&payload["id"])?;
    let from = payload["from"].as_str()?;
    let chat_id = address::chat(from)?;
    let participant = payload["participant"]
        .as_str()
        .filter(|_| address::has_participants(&chat_id))
        .and_then(address::chat)
        .map(|address| address.0);
    let phone = match &participant {
        Some(participant) => phone(participant, payload, GROUP_NUMBERS),
        None => phone(from, payload, DIRECT_NUMBERS),
    };
    let text = ["body", "caption"].iter().find_map(|key| payload[*key].as_str());
    Some(Observation::Arrived(Box::new(Arrival {
        waha_message_id,
        participant,
        chat_id,
        from: phone,
        body: MessageBody::sanitised(text.unwrap_or_default()),
        kind: kind::of(webhook.event, payload),
        at: webhook.written_at(),
    })))
}

/// In the engines' words `from` may be us or the chat; the id always names the chat.
fn echo(webhook: Webhook<'_>) -> Option<Observation> {
    let payload = webhook.payload;
    let elsewhere = || payload["to"].as_str().or_else(|| payload["from"].as_str());
    let chat = message_id::chat(&payload["id"]).or_else(elsewhere);
    Some(Observation::Echoed {
        waha_message_id: message_id::find(&payload["id"])?,
        chat_id: chat.and_then(address::chat),
        at: webhook.event_at(),
    })
}

/// The sender's number: in the address, or beside it when the address is hidden.
fn phone(sender: &str, payload: &Value, elsewhere: [&str; 2]) -> Option<PhoneNumber> {
    address::phone(sender).or_else(|| {
        let beside = |pointer| address::phone(payload.pointer(pointer)?.as_str()?);
        sender.ends_with("@lid").then(|| elsewhere.into_iter().find_map(beside)).flatten()
    })
}

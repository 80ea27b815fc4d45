//! A message seen in a chat: somebody else's, or one of ours.
//!
//! WAHA's `WAMessage`: `{"id":"false_<chat>_<ID>[_<participant>]","timestamp":<s>,"from":<chat>,"fromMe":false,
//! "participant":<who, in groups>,"body":…,"hasMedia":…,"media":…,"location":…,"vCards":…,"_data":<the
//! engine's own>}`. WhatsApp hides phone numbers behind `@lid` addresses; the number is then only in
//! `_data`, and only if WhatsApp told the engine (#993).

use domain::body::MessageBody;
use domain::phone::PhoneNumber;
use domain::ports::waha::{Arrival, Observation};
use domain::whatsapp::ChatId;
use serde_json::Value;

use super::{Webhook, kind};
use crate::{address, message_id};

/// Where engines keep the other name of a group's sender, the number of a hidden one or the hidden id of a number:
/// NOWEB, GOWS.
const OTHER_NAMES_IN_GROUP: [&str; 2] = ["/_data/key/participantAlt", "/_data/Info/SenderAlt"];
/// And in a chat of two.
const OTHER_NAMES: [&str; 2] = ["/_data/key/remoteJidAlt", "/_data/Info/SenderAlt"];

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
    let (phone, lid) = match &participant {
        Some(participant) => names(participant, payload, OTHER_NAMES_IN_GROUP),
        None => names(from, payload, OTHER_NAMES),
    };
    let text = ["body", "caption"].iter().find_map(|key| payload[*key].as_str());
    Some(Observation::Arrived(Box::new(Arrival {
        waha_message_id,
        participant,
        chat_id,
        from: phone,
        from_lid: lid,
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

/// The sender's number and hidden id, as far as they are told: one is the address, the other stands beside it. Who is
/// no person has neither.
fn names(
    sender: &str,
    payload: &Value,
    beside: [&str; 2],
) -> (Option<PhoneNumber>, Option<ChatId>) {
    let (phone, lid) = (address::phone(sender), address::hidden(sender));
    if phone.is_none() && lid.is_none() {
        return (None, None);
    }
    let others = || beside.into_iter().filter_map(|pointer| payload.pointer(pointer)?.as_str());
    let phone = phone.or_else(|| others().find_map(address::phone));
    (phone, lid.or_else(|| others().find_map(address::hidden)))
}

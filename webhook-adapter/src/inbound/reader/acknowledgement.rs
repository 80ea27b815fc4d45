//! How far a message of ours has come.
//!
//! WAHA: `{"id":"true_11111111111@c.us_3EB0…","from":…,"fromMe":true,"ack":3,"ackName":"READ"}`. The older
//! format: `{"id":"waha_msg_123456","status":"delivered"}`.

use domain::ports::waha::Observation;
use domain::whatsapp::Ack;

use super::Webhook;
use crate::message_id;

/// From WAHA's number. Acknowledgements of other people's messages (our own reading of them) change nothing.
pub(super) fn read_number(webhook: Webhook<'_>) -> Option<Observation> {
    let payload = webhook.payload;
    if payload["fromMe"].as_bool().or_else(|| message_id::is_own(&payload["id"])) == Some(false) {
        return Some(Observation::Nothing);
    }
    acknowledged(webhook, Ack::from_waha(payload["ack"].as_i64()?)?)
}

/// From the older format's word.
pub(super) fn read_word(webhook: Webhook<'_>) -> Option<Observation> {
    let ack = match webhook.payload["status"].as_str()?.to_ascii_lowercase().as_str() {
        "queued" | "pending" => Ack::Pending,
        "sent" => Ack::Server,
        "delivered" => Ack::Device,
        "read" => Ack::Read,
        "played" => Ack::Played,
        "failed" | "error" => Ack::Error,
        _ => return None,
    };
    acknowledged(webhook, ack)
}

/// Of the message in the payload.
fn acknowledged(webhook: Webhook<'_>, ack: Ack) -> Option<Observation> {
    let waha_message_id = message_id::find(&webhook.payload["id"])?;
    Some(Observation::Acknowledged { waha_message_id, ack, at: webhook.event_at() })
}

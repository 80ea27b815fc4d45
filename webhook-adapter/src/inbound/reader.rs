//! What a stored webhook says, in the domain's words.
//!
//! ```text
//! message, message.any, message.text…   somebody else's -> Arrived    ours -> Echoed
//! message.ack, message.status           ours            -> Acknowledged
//! session.status, session.failed                        -> SessionSeen
//! other events of WAHA                                  -> Nothing
//! anything else                                         -> Unrecognised
//! ```
//!
//! Besides WAHA's own events it reads those of an older format (`message.text`, `message.status`, plain ids,
//! senders as `+123…`). Invariant: total and pure; the same webhook always says the same, so what was read
//! once can be read again by a later version.

use chrono::{DateTime, Utc};
use domain::ports::waha::{Observation, WebhookReader};
use domain::webhook::Received;
use serde_json::{Value, json};

use super::json as javascript;

mod acknowledgement;
mod arrival;
mod kind;
pub(crate) mod moment;
mod session;

/// Reads WAHA's webhooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct WahaWebhookReader;

/// A webhook's body, and the clocks to date it with.
#[derive(Debug, Clone, Copy)]
struct Webhook<'a> {
    event: &'a str,
    body: &'a Value,
    payload: &'a Value,
    received_at: DateTime<Utc>,
}

impl WebhookReader for WahaWebhookReader {
    fn read(&self, webhook: &Received) -> Observation {
        let Ok(body) = javascript::parse(&webhook.body) else { return Observation::Unrecognised };
        let payload = &body["payload"];
        let webhook =
            Webhook { event: &webhook.event, body: &body, payload, received_at: webhook.at };
        webhook.observe().unwrap_or(Observation::Unrecognised)
    }
}

/// What a message that WAHA lists says: the same as a webhook about it, and how far it has come by `seen_at`. WAHA
/// does not tell when it came so far.
pub(crate) fn read_listed(message: &Value, seen_at: DateTime<Utc>) -> Observation {
    let body = json!({ "timestamp": seen_at.timestamp_millis() });
    let listed =
        Webhook { event: "message.any", body: &body, payload: message, received_at: seen_at };
    let acknowledged = || match message["ack"].as_i64() {
        Some(0) | None => None,
        Some(_) => acknowledgement::read_number(listed),
    };
    match listed.observe() {
        Some(echo @ Observation::Echoed { .. }) => acknowledged().unwrap_or(echo),
        Some(observation) => observation,
        None => Observation::Unrecognised,
    }
}

impl Webhook<'_> {
    fn observe(self) -> Option<Observation> {
        match self.event {
            "message" | "message.any" | "message.text" | "message.image" | "message.document" => {
                arrival::read(self)
            }
            "message.ack" | "message.ack.group" => acknowledgement::read_number(self),
            "message.status" => acknowledgement::read_word(self),
            "session.status" => session::read(self),
            "session.failed" => Some(session::read_failure(self)),
            event if changes_nothing(event) => Some(Observation::Nothing),
            _ => None,
        }
    }

    /// When the event was, by WAHA's clock: the envelope's time, as payloads carry the message's.
    fn event_at(self) -> DateTime<Utc> {
        self.first_moment([&self.body["timestamp"], &self.payload["timestamp"]])
    }

    /// When the message was written, by WhatsApp's clock.
    fn written_at(self) -> DateTime<Utc> {
        self.first_moment([&self.payload["timestamp"], &self.body["timestamp"]])
    }

    fn first_moment(self, candidates: [&Value; 2]) -> DateTime<Utc> {
        candidates
            .into_iter()
            .find_map(|value| moment::read_before(value, self.received_at))
            .unwrap_or(self.received_at)
    }
}

/// Whether WAHA, or the older format, has an event of this name that changes nothing here.
fn changes_nothing(event: &str) -> bool {
    matches!(
        event,
        "message.reaction"
            | "message.edited"
            | "message.revoked"
            | "message.waiting"
            | "state.change"
            | "group.join"
            | "group.leave"
            | "group.v2.join"
            | "group.v2.leave"
            | "group.v2.update"
            | "group.v2.participants"
            | "presence.update"
            | "poll.vote"
            | "poll.vote.failed"
            | "chat.archive"
            | "call.received"
            | "call.accepted"
            | "call.rejected"
            | "label.upsert"
            | "label.deleted"
            | "label.chat.added"
            | "label.chat.deleted"
            | "event.response"
            | "event.response.failed"
            | "engine.event"
            | "session.qr"
            | "api.error"
    )
}

#[cfg(test)]
mod tests;

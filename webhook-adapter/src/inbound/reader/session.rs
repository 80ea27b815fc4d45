//! A session's status.
//!
//! WAHA: `{"name":"default","status":"WORKING","statuses":[…]}`, with `me` and `engine` beside the payload. It
//! tells the same status again on every new QR code and every reconnection, and in no order (repeats overtake).

use domain::ports::waha::Observation;
use domain::session::Report;
use domain::session::status::SessionStatus;
use domain::whatsapp::Engine;

use super::Webhook;
use crate::{address, session_status};

/// From the status told.
pub(super) fn read(webhook: Webhook<'_>) -> Option<Observation> {
    session_status::read(&webhook.payload["status"]).map(|status| seen(webhook, status))
}

/// The older format's own event for it.
pub(super) fn read_failure(webhook: Webhook<'_>) -> Observation {
    seen(webhook, SessionStatus::Failed)
}

fn seen(webhook: Webhook<'_>, status: SessionStatus) -> Observation {
    Observation::SessionSeen(Report {
        status,
        engine: webhook.body["engine"].as_str().map(Engine::from_waha),
        phone: webhook.body["me"]["id"].as_str().and_then(address::phone),
        as_of: webhook.event_at(),
    })
}

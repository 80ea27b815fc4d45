//! How Heliograph has a session configured.

use domain::ports::waha::SessionSetup;
use serde_json::{Value, json};

/// The events asked for. A name WAHA does not know is refused with a 400, so only those are here that both
/// WAHA 2026.2.1 and 2026.7.1 list.
const EVENTS: [&str; 9] = [
    "session.status",
    "message",
    "message.any",
    "message.ack",
    "message.ack.group",
    "message.reaction",
    "message.edited",
    "message.revoked",
    "call.received",
];

/// The `config` of a session.
///
/// Webhooks carry the session's own key, and are repeated at growing intervals (2 s doubled 15 times: 36 hours,
/// if WAHA lives so long; it keeps them in memory). NOWEB keeps chats and messages only if told to, and
/// looking among a chat's messages is how an unknown outcome is settled.
pub(super) fn config(setup: &SessionSetup<'_>, webhook_url: Option<&str>) -> Value {
    let mut config = json!({
        "metadata": { "heliograph.session": setup.session.waha_session },
        "noweb": { "store": { "enabled": true, "fullSync": false } },
    });
    if let Some(url) = webhook_url {
        config["webhooks"] = json!([{
            "url": url,
            "events": EVENTS,
            "hmac": { "key": setup.webhook_secret },
            "retries": { "policy": "exponential", "delaySeconds": 2, "attempts": 15 },
        }]);
    }
    config
}

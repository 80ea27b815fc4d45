//! A webhook as a session's configuration describes it.

use serde::{Deserialize, Serialize};

use crate::webhook::{event::ALL_EVENTS, retry::Retries};

/// Events that `*` does not include.
const NOT_IN_ALL: [&str; 2] = ["state.change", "engine.event"];

/// Where to post which events, signed how, repeated how often.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Webhook {
    pub(crate) url: String,
    #[serde(default)]
    events: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hmac: Option<Hmac>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retries: Option<Retries>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_headers: Option<Vec<CustomHeader>>,
}

/// The key of the signature. WAHA shows it in clear.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Hmac {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

/// A header added to every request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CustomHeader {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Webhook {
    /// Whether the event is subscribed to.
    pub(crate) fn wants(&self, event: &str) -> bool {
        self.events.iter().any(|subscribed| {
            subscribed == event || (subscribed == ALL_EVENTS && !NOT_IN_ALL.contains(&event))
        })
    }
}

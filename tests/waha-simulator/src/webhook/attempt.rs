//! The record of every webhook that was tried.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// One try to deliver one event to one destination.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookAttempt {
    /// The session the event is about.
    pub session: String,
    /// The name of the event.
    pub event: String,
    /// Its `evt_` id; two names may share one.
    pub event_id: String,
    /// The destination.
    pub url: String,
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
    /// When the answer came, or the hope for it ended.
    pub at: DateTime<Utc>,
}

impl WebhookAttempt {
    /// Whether the destination took the event.
    pub fn is_delivered(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

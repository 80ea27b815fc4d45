//! What is appended: a queued message, of the same fields and length as Heliograph's own.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Queued {
    session_id: Uuid,
    to: String,
    body: String,
    priority: String,
    at: String,
}

/// The error of a rule; there is none here that could be broken.
#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub(crate) struct Refused;

impl Queued {
    pub(crate) fn new() -> Self {
        Self {
            session_id: Uuid::nil(),
            to: "+6281000000000".to_owned(),
            body: "Your order 2026-11831 has left our warehouse and should be with you tomorrow before noon."
                .to_owned(),
            priority: "normal".to_owned(),
            at: "2026-11-21T08:00:00.123456Z".to_owned(),
        }
    }
}

/// A new one, ordered by time.
#[expect(clippy::disallowed_methods, reason = "this is the edge")]
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}

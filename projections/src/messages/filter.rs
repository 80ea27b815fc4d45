//! Which messages a list shows.

use chrono::{DateTime, Utc};
use domain::id::SessionId;
use domain::message::content::ContentKind;
use schemars::JsonSchema;

use super::status::{Direction, MessageStatus};

/// What a message must be to be listed; what is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct MessageFilter {
    /// Carried by this session.
    pub session_id: Option<SessionId>,
    /// Sent, or received.
    pub direction: Option<Direction>,
    /// This far.
    pub status: Option<MessageStatus>,
    /// Of this kind.
    #[schemars(rename = "type")]
    pub kind: Option<ContentKind>,
    /// To this number, with its `+`.
    pub to: Option<String>,
    /// From this number, with its `+`, or this chat.
    pub from: Option<String>,
    /// Created then or later.
    pub from_date: Option<DateTime<Utc>>,
    /// Created before then.
    pub to_date: Option<DateTime<Utc>>,
    /// With this text in its body or number, in whatever case.
    pub search: Option<String>,
    /// Under this name of the client's.
    pub client_reference: Option<String>,
}

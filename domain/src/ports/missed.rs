//! What WAHA's chats show, for those who may have missed its webhooks.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::waha::{GatewayError, Observation, SessionAddress};
use crate::whatsapp::ChatId;

/// Reads chats and what was said in them. Media are left where they are.
#[async_trait]
pub trait MissedReader: Send + Sync {
    /// A session's chats, the one last written in first.
    async fn chats(
        &self,
        session: SessionAddress<'_>,
        page: Page,
    ) -> Result<Vec<Chat>, GatewayError>;

    /// A chat's messages from a time on, newest first: what a webhook about each would tell.
    async fn messages(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        since: DateTime<Utc>,
        page: Page,
    ) -> Result<Vec<Observation>, GatewayError>;
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many are passed over.
    pub offset: usize,
    /// How many there are at most.
    pub limit: usize,
}

/// A chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// Its id; none if it cannot be read.
    pub chat_id: Option<ChatId>,
    /// When its last message was written; none if there is none, or it cannot be read.
    pub last_at: Option<DateTime<Utc>>,
    /// What a webhook about that message would tell.
    pub last: Observation,
}

//! WAHA, in the domain's words. What its answers prove is decided by the adapter's pure classification.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::body::MessageBody;
use crate::message::content::ContentKind;
use crate::message::doubt::Sighting;
use crate::message::refusal::Refusal;
use crate::phone::PhoneNumber;
use crate::session::{Report, status::SessionStatus};
use crate::waha_server::name::ServerName;
use crate::webhook;
use crate::whatsapp::{Ack, ChatId, WahaMessageId};

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionAddress<'a> {
    /// On which WAHA server.
    pub server: &'a ServerName,
    /// WAHA's name for it.
    pub waha_session: &'a str,
}

/// Sends messages.
#[async_trait]
pub trait MessageGateway: Send + Sync {
    /// Hands one text to WAHA. Never fails: whatever happened is one of three outcomes.
    async fn send_text(&self, message: TextMessage<'_>) -> SendOutcome;
}

/// A text to be sent.
#[derive(Debug, Clone, Copy)]
pub struct TextMessage<'a> {
    /// Through which session.
    pub session: SessionAddress<'a>,
    /// To whom.
    pub chat_id: &'a ChatId,
    /// The text.
    pub body: &'a MessageBody,
    /// The WhatsApp id to use, where the engine takes one.
    pub waha_message_id: Option<&'a WahaMessageId>,
}

/// What became of a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// Proven sent.
    Sent {
        /// The id WAHA reported, if it did.
        waha_message_id: Option<WahaMessageId>,
    },
    /// Proven not sent.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The session's status, where the refusal told it.
        session_status: Option<SessionStatus>,
    },
    /// Neither can be proven.
    Unknown {
        /// What was seen.
        detail: String,
        /// Whose failure it is.
        fault: Fault,
    },
}

/// Whose failure it is that nobody knows what became of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server's, or the way's to it.
    Server,
    /// The session's own engine.
    Session,
    /// Of either.
    Either,
}

/// Runs sessions.
#[async_trait]
pub trait SessionGateway: Send + Sync {
    /// Makes the session exist, configured to call us back, and runs it. Safe to repeat.
    async fn start(&self, session: &SessionSetup<'_>) -> Result<Option<Report>, GatewayError>;
    /// Stops it. Safe to repeat.
    async fn stop(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError>;
    /// Stops and starts it.
    async fn restart(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError>;
    /// Forgets its pairing.
    async fn logout(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError>;
    /// Removes it. Safe to repeat.
    async fn delete(&self, session: SessionAddress<'_>) -> Result<(), GatewayError>;
    /// What WAHA says of it.
    async fn status(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError>;
    /// What a server says of every session it has, by WAHA's name.
    async fn list(&self, server: &ServerName) -> Result<Vec<(String, Report)>, GatewayError>;
    /// The QR code to pair it with, in the wanted form.
    async fn qr(&self, session: SessionAddress<'_>) -> Result<QrCode, GatewayError>;
    /// Asks a server whether it is there; answers its version.
    async fn ping(&self, server: &ServerName) -> Result<String, GatewayError>;
}

/// What a session needs to be made.
#[derive(Debug, Clone, Copy)]
pub struct SessionSetup<'a> {
    /// Where it is to be.
    pub session: SessionAddress<'a>,
    /// The key its webhooks are signed with. A secret: never logged, never in an event.
    pub webhook_secret: &'a str,
}

/// The text a QR code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrCode {
    /// The text, such as `2@…`.
    pub value: String,
}

/// Why WAHA did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It was not reached or did not answer; trying later may help.
    #[error("WAHA is not available: {0}")]
    Unavailable(String),
    /// It has no such session.
    #[error("WAHA has no such session")]
    NotFound,
    /// The session is in the wrong state for it.
    #[error("the session is not in the right state for this: {0}")]
    WrongState(String),
    /// It refused, and would again.
    #[error("WAHA refused: {0}")]
    Refused(String),
}

/// Looks at chats, for messages whose outcome is unknown.
#[async_trait]
pub trait ChatReader: Send + Sync {
    /// The messages of ours in a chat, from a time on.
    async fn own_messages(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        since: DateTime<Utc>,
    ) -> Result<OwnMessages, GatewayError>;

    /// Whether a message sent at that time would be shown now: WAHA has run since, or the chat shows an older one.
    async fn remembers(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        at: DateTime<Utc>,
    ) -> Result<bool, GatewayError>;
}

/// The messages of ours in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMessages {
    /// They.
    pub messages: Vec<OwnMessage>,
    /// Whether they are all.
    pub is_complete: bool,
}

/// A message of ours in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMessage {
    /// Its id, how far it has come, and when it was written.
    pub sighting: Sighting,
    /// Its text; empty if it has none.
    pub body: String,
}

/// Reads what webhooks say.
pub trait WebhookReader: Send + Sync {
    /// What the webhook tells. Total: whatever cannot be read is [`Observation::Unrecognised`].
    fn read(&self, webhook: &webhook::Received) -> Observation;
}

/// What a webhook tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// A message of ours was acknowledged.
    Acknowledged {
        /// Which.
        waha_message_id: WahaMessageId,
        /// How far it has come.
        ack: Ack,
        /// When, by WAHA's clock.
        at: DateTime<Utc>,
    },
    /// A message of ours was seen among the chat's messages, whoever wrote it: we, or a person on the phone.
    Echoed {
        /// Which.
        waha_message_id: WahaMessageId,
        /// The chat, where it is told.
        chat_id: Option<ChatId>,
        /// When, by WAHA's clock.
        at: DateTime<Utc>,
    },
    /// Somebody wrote.
    Arrived(Box<Arrival>),
    /// The session's status.
    SessionSeen(Report),
    /// A known event that changes nothing here.
    Nothing,
    /// An event or a shape this version does not know.
    Unrecognised,
}

/// A message somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// WhatsApp's id.
    pub waha_message_id: WahaMessageId,
    /// In a group: who.
    pub participant: Option<String>,
    /// The chat.
    pub chat_id: ChatId,
    /// The sender's number, where told.
    pub from: Option<PhoneNumber>,
    /// The sender's hidden id, where told.
    pub from_lid: Option<ChatId>,
    /// The text or caption.
    pub body: String,
    /// What it is.
    pub kind: ContentKind,
    /// When, by WhatsApp's clock.
    pub at: DateTime<Utc>,
}

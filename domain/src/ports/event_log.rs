//! The append-only log every other part hangs on.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::command_id::CommandId;
use crate::event::Event;
use crate::id::{ApiKeyId, ClientId, EventId, UserId};
use crate::origin::Origin;
use crate::stream::{ExpectedVersion, Position, StreamName, Version};

/// An append-only log of streams with one global order.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Appends all events to one stream, or none.
    ///
    /// Idempotent by event id: appending events that are already in the stream succeeds and tells where
    /// they are. Durable when it returns.
    async fn append(
        &self,
        stream: StreamName,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError>;

    /// Every event of one stream, oldest first; none if there is no such stream.
    async fn read_stream(&self, stream: StreamName) -> Result<Vec<Arc<RecordedEvent>>, LogError>;

    /// How many events a stream holds now; none if there is no such stream. Cheaper than reading them.
    async fn version(&self, stream: StreamName) -> Result<Version, LogError>;

    /// Up to `limit` events after `after`, in the global order. Never skips an event that will commit
    /// later: what may still be overtaken is not shown yet.
    async fn read_all(
        &self,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Arc<RecordedEvent>>, LogError>;

    /// Waits until there may be events after `after`, or until a while has passed: a hint to read,
    /// never a promise. Call it when a read has come back empty.
    async fn wait(&self, after: Position);

    /// Asks the store whether it is there; answers what it is, such as `PostgreSQL 15.18`.
    async fn probe(&self) -> Result<String, LogError>;
}

/// An event to be appended.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its id; the same id is never appended twice.
    pub id: EventId,
    /// What happened.
    pub event: Event,
    /// On whose behalf and why.
    pub metadata: Metadata,
}

/// On whose behalf an event was appended, and what led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// Who did it.
    pub actor: Actor,
    /// Shared by everything that follows from one request.
    pub correlation_id: Uuid,
    /// The event that led to this one, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// The HTTP request, as logs and answers name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// From where, if it decides who may do what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What the events are named after, if the request is carried out once however often it is made. Is in their ids, and
    /// not stored: what follows from an event is not that request.
    #[serde(skip)]
    pub command_id: Option<CommandId>,
}

impl Metadata {
    /// On somebody's behalf, led to by no event and no request.
    pub const fn new(actor: Actor, correlation_id: Uuid) -> Self {
        Self {
            actor,
            correlation_id,
            causation_id: None,
            request_id: None,
            origin: None,
            command_id: None,
        }
    }

    /// From here.
    #[must_use]
    pub fn from(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Of one of several things that one request asks of one stream.
    #[must_use]
    pub fn part(mut self, name: &str) -> Self {
        self.command_id = self.command_id.map(|command| command.part(name));
        self
    }
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Somebody signed in.
    User {
        /// Who.
        id: UserId,
    },
    /// A program with an API key.
    ApiKey {
        /// Which key.
        id: ApiKeyId,
    },
    /// A program that OAuth2 knows, on its own behalf.
    Client {
        /// Which.
        id: ClientId,
    },
    /// The delivery saga.
    DeliverySaga,
    /// The session saga.
    SessionSaga,
    /// The webhook saga.
    WebhookSaga,
    /// WAHA, through a webhook.
    Waha,
    /// Somebody at the command line.
    Operator,
    /// Somebody who is not signed in.
    Nobody,
}

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    /// Where in the whole log.
    pub position: Position,
    /// In which stream.
    pub stream: StreamName,
    /// Where in the stream; 1 for the first.
    pub version: Version,
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub event: Event,
    /// The same as it is stored, for those who show history rather than act on it.
    pub stored: StoredForm,
    /// On whose behalf and why.
    pub metadata: Metadata,
    /// The store's clock when it was appended.
    pub recorded_at: DateTime<Utc>,
}

/// The stored form of an event, upcast to its newest schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredForm {
    /// Its stored name, such as `message_queued`.
    pub event_type: &'static str,
    /// The version of its shape.
    pub schema_version: u16,
    /// Its data, as JSON text.
    pub data: String,
}

/// Where an append put its last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The stream's version now.
    pub version: Version,
    /// The last event's place in the whole log.
    pub position: Position,
}

/// Why the log could not do it.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The stream is not at the expected version.
    #[error("stream {stream} is not at the expected version")]
    Conflict {
        /// Which stream.
        stream: StreamName,
    },
    /// The store cannot be reached or will not answer; trying later may help.
    #[error("the event store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An event cannot be read: its name is unknown or its data does not fit. Never skipped.
    #[error(
        "event {} of stream {stream} at {position} (type {event_type}) cannot be read",
        version.0
    )]
    Unreadable {
        /// In which stream.
        stream: String,
        /// Where in the stream.
        version: Version,
        /// Where in the log.
        position: Position,
        /// Its stored name.
        event_type: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store refused the data itself.
    #[error("the event store refused the events")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

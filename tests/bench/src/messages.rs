//! The messages that are measured with: all alike, of an ordinary length.

use std::sync::Arc;

use commands::event_log::postgres::PostgresLog;
use domain::body::MessageBody;
use domain::id::{EventId, MessageId, SessionId, TenantId};
use domain::message::event::{Event as MessageEvent, Queued};
use domain::phone::PhoneNumber;
use domain::ports::Ambient;
use domain::ports::event_log::{Actor, EventLog, Metadata, NewEvent};
use domain::priority::Priority;
use domain::stream::{Category, ExpectedVersion, StreamName, Version};
use heliograph::ambient::SystemAmbient;
use uuid::Uuid;

use crate::error::BenchError;

/// An ordinary text.
pub(crate) const BODY: &str =
    "Your order 2026-11831 has left our warehouse and should be with you tomorrow before noon.";

/// Whose messages they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) tenant: TenantId,
    pub(crate) session: SessionId,
}

impl Owner {
    /// Somebody who need not exist.
    pub(crate) fn nobody() -> Self {
        Self { tenant: TenantId(new_id()), session: SessionId(new_id()) }
    }

    pub(crate) fn stream(&self, message: MessageId) -> StreamName {
        StreamName { category: Category::Message, tenant: self.tenant, id: message.0 }
    }

    /// A message to somebody, the `n`th.
    pub(crate) fn queued(&self, n: usize) -> Result<Queued, BenchError> {
        let unfit = |error: &dyn std::error::Error| BenchError::failed(error.to_string());
        Ok(Queued {
            session_id: self.session,
            to: number(n).parse::<PhoneNumber>().map_err(|error| unfit(&error))?,
            body: MessageBody::try_from(BODY.to_owned()).map_err(|error| unfit(&error))?,
            priority: Priority::Normal,
            metadata: domain::message::content::CustomerMetadata::default(),
            client_reference: None,
            send_at: None,
            expires_at: None,
            at: SystemAmbient.now(),
        })
    }

    /// Queues a message by appending its first event; answers its id.
    pub(crate) async fn append_queued(
        &self,
        log: &Arc<PostgresLog>,
        queued: Queued,
    ) -> Result<MessageId, BenchError> {
        let id = MessageId(new_id());
        let events = vec![new_event(MessageEvent::Queued(queued))];
        log.append(self.stream(id), ExpectedVersion::Exact(Version(0)), events).await?;
        Ok(id)
    }
}

/// The number of somebody; each `n` is somebody else.
pub(crate) fn number(n: usize) -> String {
    format!("+6281{n:09}")
}

pub(crate) fn new_id() -> Uuid {
    SystemAmbient.new_id()
}

pub(crate) fn new_event(event: MessageEvent) -> NewEvent {
    NewEvent { id: EventId(new_id()), event: event.into(), metadata: metadata() }
}

/// As a request leaves it.
pub(crate) fn metadata() -> Metadata {
    Metadata {
        request_id: Some(new_id().to_string()),
        ..Metadata::new(Actor::User { id: domain::id::UserId(Uuid::nil()) }, new_id())
    }
}

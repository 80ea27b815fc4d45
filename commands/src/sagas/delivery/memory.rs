//! What the delivery saga knows: sessions, the queue of messages, and those in doubt.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::id::{MessageId, SessionId, TenantId};
use domain::ports::event_log::RecordedEvent;
use domain::sagas::delivery::{Change, Job, Look, react};
use domain::whatsapp::ChatId;
use sqlx::PgConnection;

use super::super::feeder::Memory;
use super::{contacts, doubts, queue, sessions};

pub(super) struct DeliveryMemory;

impl Memory for DeliveryMemory {
    const SAGA: &'static str = "delivery";

    fn concerns(&self, event: &RecordedEvent) -> bool {
        react(event).is_some()
    }

    async fn remember(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<bool, sqlx::Error> {
        let mut net = NetChange::default();
        for event in events {
            if let Some(change) = react(event) {
                net.add(event.stream.tenant, change);
            }
        }
        sessions::apply(connection, &net.sessions).await?;
        contacts::apply(connection, &net.contacts).await?;
        queue::apply(connection, &net.messages).await?;
        doubts::apply(connection, &net.messages).await?;
        Ok(!net.is_empty())
    }
}

/// What a batch of changes comes to, so that each row is written once.
#[derive(Default)]
struct NetChange {
    messages: HashMap<MessageId, MessageChange>,
    sessions: Vec<(TenantId, Change)>,
    contacts: HashSet<(SessionId, ChatId)>,
}

/// What a batch of changes comes to for one message. Applied in the order of the fields.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MessageChange {
    /// Take it off the queue.
    pub(super) finish: bool,
    /// Then put it on the queue.
    pub(super) enqueue: Option<(TenantId, Box<Job>)>,
    /// Then set its next time, or set it aside.
    pub(super) then: Option<Then>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Retry(DateTime<Utc>),
    Park(Look),
}

impl NetChange {
    fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.sessions.is_empty() && self.contacts.is_empty()
    }

    fn add(&mut self, tenant: TenantId, change: Change) {
        match change {
            Change::Enqueue(job) => {
                let message = self.messages.entry(job.message_id).or_default();
                message.enqueue = Some((tenant, job));
                message.then = None;
            }
            Change::Retry { message_id, due_at } => {
                self.messages.entry(message_id).or_default().then = Some(Then::Retry(due_at));
            }
            Change::Park { message_id, look } => {
                self.messages.entry(message_id).or_default().then = Some(Then::Park(look));
            }
            Change::Finish { message_id } => {
                let message = self.messages.entry(message_id).or_default();
                *message = MessageChange { finish: true, ..MessageChange::default() };
            }
            change @ (Change::OpenSession { .. }
            | Change::SetSession { .. }
            | Change::LockSession { .. }
            | Change::CloseSession { .. }) => self.sessions.push((tenant, change)),
            Change::Meet { session_id, chat_id } => {
                self.contacts.insert((session_id, chat_id));
            }
        }
    }
}

#[cfg(test)]
mod tests;

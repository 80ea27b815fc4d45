//! What the delivery saga knows: sessions, the queue of messages, and those in doubt.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{MessageId, SessionId, TenantId};
use domain::ports::event_log::RecordedEvent;
use domain::sagas::delivery::servers::ServerChange;
use domain::sagas::delivery::{Change, Job, Look, SessionChange, react};
use domain::whatsapp::ChatId;
use sqlx::PgConnection;

use super::super::feeder::Memory;
use super::{contacts, doubts, queue, servers, standing, suspensions};

pub(super) struct DeliveryMemory {
    /// Between two messages to one chat.
    pub(super) spacing: TimeDelta,
}

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
        servers::apply(connection, &net.servers).await?;
        suspensions::apply(connection, &net.suspensions).await?;
        standing::apply(connection, &net.sessions).await?;
        contacts::meet(connection, &net.met).await?;
        contacts::note_written(connection, &net.messages, &net.written).await?;
        queue::apply(connection, &net.messages, self.spacing).await?;
        doubts::apply(connection, &net.messages).await?;
        Ok(!net.is_empty())
    }
}

/// What a batch of changes comes to, so that each row is written once.
#[derive(Default)]
struct NetChange {
    messages: HashMap<MessageId, MessageChange>,
    sessions: Vec<(TenantId, SessionId, SessionChange)>,
    servers: Vec<ServerChange>,
    suspensions: Vec<(TenantId, bool)>,
    /// Who wrote.
    met: HashSet<(SessionId, ChatId)>,
    /// Who was written to, by messages that came and went in this batch.
    written: HashMap<(SessionId, ChatId), DateTime<Utc>>,
}

/// What a batch of changes comes to for one message. Applied in the order of the fields.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MessageChange {
    /// Take it off the queue.
    pub(super) finish: bool,
    /// When it was sent, or may have been, being on the queue by then.
    pub(super) written_at: Option<DateTime<Utc>>,
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
        self.messages.is_empty()
            && self.sessions.is_empty()
            && self.servers.is_empty()
            && self.suspensions.is_empty()
            && self.met.is_empty()
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
                if let Look::First(at) = look {
                    self.write(message_id, at);
                }
                self.messages.entry(message_id).or_default().then = Some(Then::Park(look));
            }
            Change::Finish { message_id, sent_at } => {
                if let Some(at) = sent_at {
                    self.write(message_id, at);
                }
                let message = self.messages.entry(message_id).or_default();
                let written_at = message.written_at;
                *message = MessageChange { finish: true, written_at, ..MessageChange::default() };
            }
            Change::Session { session_id, change } => {
                self.sessions.push((tenant, session_id, change));
            }
            Change::Meet { session_id, chat_id } => {
                self.met.insert((session_id, chat_id));
            }
            Change::Server(change) => self.servers.push(change),
            Change::Suspend { is_suspended } => self.suspensions.push((tenant, is_suspended)),
        }
    }

    /// A message reached its chat, or may have. Which chat, the queue knows, or the batch that put it there.
    fn write(&mut self, message_id: MessageId, at: DateTime<Utc>) {
        let message = self.messages.entry(message_id).or_default();
        match &message.enqueue {
            Some((_, job)) => {
                let chat = (job.session_id, job.chat_id.clone());
                let last = self.written.entry(chat).or_insert(at);
                *last = at.max(*last);
            }
            None => message.written_at = message.written_at.max(Some(at)),
        }
    }
}

#[cfg(test)]
mod tests;

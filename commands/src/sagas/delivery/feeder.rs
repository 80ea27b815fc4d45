//! Events into the queue.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::id::{MessageId, TenantId};
use domain::sagas::delivery::{Change, Job, react};
use sqlx::PgPool;
use tokio::sync::Notify;

use super::super::follow::{Follower, Step};
use super::super::{SagaError, checkpoint};
use super::{queue, sessions};
use crate::executor::Executor;

const SAGA: &str = "delivery";
const BATCH_MAX: u16 = 1000;

pub(super) struct Feeder {
    pool: PgPool,
    executor: Executor,
    /// Tells the dispatcher that there may be something to do.
    fed: Arc<Notify>,
}

impl Feeder {
    pub(super) fn new(pool: PgPool, executor: Executor, fed: Arc<Notify>) -> Self {
        Self { pool, executor, fed }
    }
}

impl Follower for Feeder {
    const NAME: &'static str = SAGA;

    async fn step(&self) -> Result<Step, SagaError> {
        let from = checkpoint::read(&self.pool, SAGA).await?;
        let events = self.executor.log().read_all(from, BATCH_MAX).await?;
        let Some(last) = events.last() else { return Ok(Step::Idle(from)) };
        let to = last.position;
        let mut net = NetChange::default();
        for event in &events {
            if let Some(change) = react(event) {
                net.add(event.stream.tenant, change);
            }
        }
        let mut transaction = self.pool.begin().await?;
        if !checkpoint::advance(&mut transaction, SAGA, from, to).await? {
            // Another process was here first.
            return Ok(Step::Advanced);
        }
        sessions::apply(&mut transaction, &net.sessions).await?;
        queue::apply(&mut transaction, &net.messages).await?;
        transaction.commit().await?;
        self.fed.notify_one();
        Ok(Step::Advanced)
    }
}

/// What a batch of changes comes to, so that each row is written once.
#[derive(Default)]
struct NetChange {
    messages: HashMap<MessageId, MessageChange>,
    sessions: Vec<(TenantId, Change)>,
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
    Park,
}

impl NetChange {
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
            Change::Park { message_id } => {
                self.messages.entry(message_id).or_default().then = Some(Then::Park);
            }
            Change::Finish { message_id } => {
                let message = self.messages.entry(message_id).or_default();
                *message = MessageChange { finish: true, ..MessageChange::default() };
            }
            change @ (Change::OpenSession { .. }
            | Change::SetSession { .. }
            | Change::CloseSession { .. }) => self.sessions.push((tenant, change)),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::SessionId;
    use domain::priority::Priority;
    use domain::whatsapp::ChatId;
    use uuid::Uuid;

    use super::*;

    const MESSAGE: MessageId = MessageId(Uuid::from_u128(1));

    fn enqueue() -> Change {
        Change::Enqueue(Box::new(Job {
            message_id: MESSAGE,
            session_id: SessionId(Uuid::from_u128(2)),
            chat_id: ChatId("1@c.us".into()),
            priority: Priority::Normal,
            ready_at: DateTime::UNIX_EPOCH,
            expires_at: None,
        }))
    }

    fn net(changes: impl IntoIterator<Item = Change>) -> MessageChange {
        let mut net = NetChange::default();
        changes.into_iter().for_each(|change| net.add(TenantId::PLATFORM, change));
        net.messages.remove(&MESSAGE).unwrap()
    }

    #[test]
    fn a_message_queued_and_sent_in_one_batch_never_touches_the_queue() {
        let change = net([enqueue(), Change::Finish { message_id: MESSAGE }]);
        assert_eq!(change, MessageChange { finish: true, enqueue: None, then: None });
    }

    #[test]
    fn a_message_given_up_and_redriven_in_one_batch_is_on_the_queue_anew() {
        let change = net([
            Change::Park { message_id: MESSAGE },
            Change::Finish { message_id: MESSAGE },
            enqueue(),
        ]);
        assert!(change.finish && change.enqueue.is_some() && change.then.is_none());
    }
}

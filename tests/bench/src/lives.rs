//! Messages' lives, step by step, as the sagas lead them: attempted, sent, delivered, read.

use std::sync::Arc;
use std::time::Duration;

use commands::event_log::postgres::PostgresLog;
use commands::executor::Executor;
use domain::id::MessageId;
use domain::message::{Command, Message};
use domain::ports::Ambient;
use domain::whatsapp::{Ack, WahaMessageId};
use heliograph::ambient::SystemAmbient;
use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::load::{self, Load};
use crate::messages::{Owner, metadata};

/// Messages each caller has at hand; it takes one step in the life of each, then the next.
const MESSAGES_OF_A_CALLER: usize = 100;

/// What a queued message has before it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stride {
    Attempt,
    Sent,
    Delivered,
    Read,
}

impl Stride {
    pub(crate) const ALL: [Self; 4] = [Self::Attempt, Self::Sent, Self::Delivered, Self::Read];

    /// The command that takes it.
    pub(crate) fn command(self, message_id: MessageId) -> Command {
        let now = SystemAmbient.now();
        let waha_message_id = WahaMessageId::chosen(message_id, 0);
        match self {
            Self::Attempt => Command::StartAttempt { message_id, engine_takes_ids: true, now },
            Self::Sent => {
                let waha_message_id = Some(waha_message_id);
                Command::ConfirmSent { attempt: 1, waha_message_id, now }
            }
            Self::Delivered => Command::Acknowledge { ack: Ack::Device, waha_message_id, at: now },
            Self::Read => Command::Acknowledge { ack: Ack::Read, waha_message_id, at: now },
        }
    }
}

/// Somebody who leads messages through their lives.
struct Guide {
    log: Arc<PostgresLog>,
    executor: Executor,
    owner: Owner,
    messages: Vec<MessageId>,
    /// Steps taken.
    taken: usize,
}

/// As many callers as given execute commands for this long.
pub(crate) async fn press(
    log: &Arc<PostgresLog>,
    callers: usize,
    time: Duration,
) -> Result<Load, BenchError> {
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        tasks.spawn(Guide::new(Arc::clone(log)));
    }
    let guides = tasks.join_all().await.into_iter().collect::<Result<_, _>>()?;
    load::press(guides, time, Guide::step).await
}

impl Guide {
    async fn new(log: Arc<PostgresLog>) -> Result<Self, BenchError> {
        let executor = Executor::new(log.clone(), Arc::new(SystemAmbient));
        let mut guide =
            Self { log, executor, owner: Owner::nobody(), messages: Vec::new(), taken: 0 };
        guide.queue_more().await?;
        Ok(guide)
    }

    /// Every life was led to its end: begin with new ones.
    async fn queue_more(&mut self) -> Result<(), BenchError> {
        self.messages.clear();
        self.taken = 0;
        for n in 0..MESSAGES_OF_A_CALLER {
            let queued = self.owner.queued(n)?;
            self.messages.push(self.owner.append_queued(&self.log, queued).await?);
        }
        Ok(())
    }

    async fn step(mut self) -> Result<Self, BenchError> {
        if self.taken == self.messages.len() * Stride::ALL.len() {
            self.queue_more().await?;
        }
        let message = self.messages[self.taken % self.messages.len()];
        let stride = Stride::ALL[self.taken / self.messages.len()];
        self.taken += 1;
        let (command, metadata) = (stride.command(message), metadata());
        let tenant = self.owner.tenant;
        self.executor.execute::<Message>(tenant, message.0, command, metadata).await?;
        Ok(self)
    }
}

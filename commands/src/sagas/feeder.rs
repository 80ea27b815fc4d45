//! Events into a saga's memory.
//!
//! The memory and the checkpoint move in one transaction, so the memory is what the log up to the checkpoint
//! makes of it, whatever crashed: it can be emptied together with the checkpoint and is filled again.

use std::sync::Arc;

use domain::ports::event_log::RecordedEvent;
use failpoint::Failpoint;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;

use super::checkpoint::Checkpoint;
use super::follow::{self, Follower, Read, Step};
use super::{Process, SagaError};
use crate::executor::Executor;

const BATCH_MAX: u16 = 1000;
/// Not waiting for the disk: what a crash of the server undoes, memory and checkpoint alike, the log gives again.
const BEGIN: &str = "begin; set local synchronous_commit = off";

/// What a saga knows of the log, in tables of its own.
pub(super) trait Memory: Send + Sync {
    /// The saga's name.
    const SAGA: &'static str;

    /// Whether the event may change what is remembered.
    fn concerns(&self, event: &RecordedEvent) -> bool;

    /// Writes what follows from the events; true if there may be something to do now.
    fn remember(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;
}

pub(super) struct Feeder<M> {
    memory: M,
    pool: PgPool,
    executor: Executor,
    checkpoint: Checkpoint,
    fed: Arc<Notify>,
}

impl<M: Memory> Feeder<M> {
    pub(super) fn new(process: &Process, memory: M) -> Self {
        Self {
            memory,
            pool: process.pool.clone(),
            executor: process.executor.clone(),
            checkpoint: process.checkpoint(M::SAGA),
            fed: Arc::default(),
        }
    }

    /// Told when there may be something to do.
    pub(super) fn fed(&self) -> Arc<Notify> {
        Arc::clone(&self.fed)
    }
}

impl<M: Memory> Follower for Feeder<M> {
    fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    async fn step(&self) -> Result<Step, SagaError> {
        let Some(from) = self.checkpoint.own().await? else { return Ok(Step::Elsewhere) };
        let concerns = |event: &RecordedEvent| self.memory.concerns(event);
        let read = follow::read(self, self.executor.log(), from, BATCH_MAX, concerns).await?;
        let (events, to) = match read {
            Read::Events { events, to } => (events, to),
            Read::Nothing(step) => return Ok(step),
        };
        failpoint::reach(Failpoint::MemoryRead);
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        if !self.checkpoint.advance(&mut transaction, from, to).await? {
            return Ok(Step::Elsewhere);
        }
        let is_news = self.memory.remember(&mut transaction, &events).await?;
        failpoint::reach(Failpoint::MemoryWritten);
        transaction.commit().await?;
        failpoint::reach(Failpoint::MemoryCommitted);
        if is_news {
            self.fed.notify_one();
        }
        Ok(Step::Advanced)
    }
}

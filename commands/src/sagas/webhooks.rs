//! The webhook saga: makes something of what WAHA told.
//!
//! ```text
//! WebhookReceived -> reader (WAHA's JSON) -> react -> a command to a message or a session -> WebhookProcessed
//! ```
//!
//! WAHA speaks of messages by WhatsApp's ids. Which message of ours one stands for is learnt from
//! `AttemptStarted` and `Sent`; news of an id not learnt yet is held until it is. Invariant: every command is
//! harmless when repeated, so a batch that is interrupted is simply taken again.

mod identities;
mod processing;

use std::sync::Arc;

use domain::ports::waha::WebhookReader;
use failpoint::Failpoint;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::checkpoint::Checkpoint;
use super::follow::{self, Follower, Step};
use super::{Process, SagaError};
use crate::executor::Executor;
use identities::{Identities, Identity};
use processing::Processing;

const SAGA: &str = "webhooks";
const BATCH_MAX: u16 = 500;

/// The webhook saga of one process.
pub struct WebhookSaga {
    pool: PgPool,
    executor: Executor,
    processing: Processing,
    identities: Identities,
    checkpoint: Checkpoint,
}

impl WebhookSaga {
    /// The saga in a process.
    pub fn new(process: &Process, reader: Arc<dyn WebhookReader>) -> Self {
        let identities = Identities::new(process.pool.clone());
        let processing = Processing::new(process.executor.clone(), reader, identities.clone());
        let (pool, executor) = (process.pool.clone(), process.executor.clone());
        Self { pool, executor, processing, identities, checkpoint: process.checkpoint(SAGA) }
    }

    /// Works until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        follow::follow(&self, self.executor.log(), &shutdown).await;
    }

    /// Reads the log to its end.
    pub async fn catch_up(&self) -> Result<(), SagaError> {
        follow::catch_up(self, self.executor.log()).await
    }
}

impl Follower for WebhookSaga {
    fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    async fn step(&self) -> Result<Step, SagaError> {
        let Some(from) = self.checkpoint.own().await? else { return Ok(Step::Elsewhere) };
        let events = self.executor.log().read_all(from.at, BATCH_MAX).await?;
        let Some(last) = events.last() else { return Ok(Step::Idle(from.at)) };
        let to = last.position;
        failpoint::reach(Failpoint::WebhooksRead);
        let learnt: Vec<Identity> = events.iter().filter_map(Identity::learnt_from).collect();
        self.identities.learn(&learnt).await?;
        if !learnt.is_empty() {
            failpoint::reach(Failpoint::IdentitiesLearnt);
        }
        self.processing.tell_held(&learnt).await?;
        self.processing.process(events).await?;
        let mut connection = self.pool.acquire().await?;
        let is_ours = self.checkpoint.advance(&mut connection, from, to).await?;
        failpoint::reach(Failpoint::WebhooksAdvanced);
        Ok(if is_ours { Step::Advanced } else { Step::Elsewhere })
    }
}

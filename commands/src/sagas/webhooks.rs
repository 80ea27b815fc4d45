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

use domain::id::EngineId;
use domain::ports::waha::WebhookReader;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::follow::{self, Follower, Step};
use super::{SagaError, checkpoint, lease};
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
    engine: EngineId,
}

impl WebhookSaga {
    /// The saga of the process `engine`.
    pub fn new(
        pool: PgPool,
        executor: Executor,
        reader: Arc<dyn WebhookReader>,
        engine: EngineId,
    ) -> Self {
        let identities = Identities::new(pool.clone());
        let processing = Processing::new(executor.clone(), reader, identities.clone());
        Self { pool, executor, processing, identities, engine }
    }

    /// Works until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        follow::follow(&self, self.executor.log(), &shutdown).await;
        if let Err(error) = lease::release(&self.pool, SAGA, self.engine).await {
            tracing::debug!(%error, "could not give back the webhook saga's lease; it will run out");
        }
    }

    /// Reads the log to its end.
    pub async fn catch_up(&self) -> Result<(), SagaError> {
        follow::catch_up(self).await
    }
}

impl Follower for WebhookSaga {
    const NAME: &'static str = SAGA;

    async fn step(&self) -> Result<Step, SagaError> {
        let from = checkpoint::read(&self.pool, SAGA).await?;
        if !lease::acquire(&self.pool, SAGA, self.engine).await? {
            return Ok(Step::Idle(from));
        }
        let events = self.executor.log().read_all(from, BATCH_MAX).await?;
        let Some(last) = events.last() else { return Ok(Step::Idle(from)) };
        let to = last.position;
        let learnt: Vec<Identity> = events.iter().filter_map(Identity::learnt_from).collect();
        self.identities.learn(&learnt).await?;
        self.processing.tell_held(&learnt).await?;
        self.processing.process(events).await?;
        let mut transaction = self.pool.begin().await?;
        if checkpoint::advance(&mut transaction, SAGA, from, to).await? {
            transaction.commit().await?;
        }
        Ok(Step::Advanced)
    }
}

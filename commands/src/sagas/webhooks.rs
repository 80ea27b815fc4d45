//! The webhook saga: makes something of what WAHA told.
//!
//! ```text
//! WebhookReceived -> reader (WAHA's JSON) -> react -> a command to a message or a session -> WebhookProcessed
//! ```
//!
//! WAHA speaks of messages by WhatsApp's ids. Which message of ours one stands for is learnt from
//! `AttemptStarted` and `Sent`; news of an id not learnt yet is held until it is, and a chat's messages in doubt are
//! looked for at once when it shows a message of ours that nobody knows. Invariant: every command is
//! harmless when repeated, so a batch that is interrupted is simply taken again.

mod deadlines;
mod identities;
mod processing;
mod streaks;

use std::sync::Arc;

use chrono::TimeDelta;
use domain::ports::event_log::RecordedEvent;
use domain::ports::waha::WebhookReader;
use domain::sagas::webhooks::Identity;
use failpoint::Failpoint;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::checkpoint::Checkpoint;
use super::follow::{self, Follower, Read, Step};
use super::{Process, SagaError};
use crate::executor::Executor;
use deadlines::Deadlines;
use identities::Identities;
use processing::Processing;
use streaks::Streaks;

const SAGA: &str = "webhooks";
const BATCH_MAX: u16 = 500;

/// How the saga works.
#[derive(Debug, Clone, Copy)]
pub struct WebhookOptions {
    /// How long WhatsApp may take to acknowledge a message that was handed over.
    pub ack_deadline: TimeDelta,
    /// After how many messages in a row that were not acknowledged in time a session is suspect; none: never.
    pub suspect_after: Option<u32>,
}

/// The webhook saga of one process.
pub struct WebhookSaga {
    pool: PgPool,
    executor: Executor,
    processing: Processing,
    identities: Identities,
    deadlines: Deadlines,
    streaks: Streaks,
    checkpoint: Checkpoint,
}

impl WebhookSaga {
    /// The saga in a process.
    pub fn new(process: &Process, reader: Arc<dyn WebhookReader>, options: WebhookOptions) -> Self {
        let identities = Identities::new(process.pool.clone());
        let (pool, executor) = (process.pool.clone(), process.executor.clone());
        let streaks = Streaks::new(pool.clone(), executor.clone(), options.suspect_after);
        let deadlines =
            Deadlines::new(pool.clone(), executor.clone(), options.ack_deadline, streaks.clone());
        let processing = Processing::new(
            pool.clone(),
            executor.clone(),
            reader,
            identities.clone(),
            deadlines.clone(),
        );
        Self {
            pool,
            executor,
            processing,
            identities,
            deadlines,
            streaks,
            checkpoint: process.checkpoint(SAGA),
        }
    }

    /// Works until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::join!(
            follow::follow(&self, self.executor.log(), &shutdown),
            self.deadlines.run(&shutdown),
        );
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
        let concerns = |event: &RecordedEvent| {
            Processing::concerns(event)
                || Deadlines::concerns(event)
                || Streaks::concerns(event)
                || Identity::learnt_from(event).is_some()
        };
        let read = follow::read(self, self.executor.log(), from, BATCH_MAX, concerns).await?;
        let (events, to) = match read {
            Read::Events { events, to } => (events, to),
            Read::Nothing(step) => return Ok(step),
        };
        failpoint::reach(Failpoint::WebhooksRead);
        let learnt: Vec<Identity> =
            events.iter().filter_map(|event| Identity::learnt_from(event)).collect();
        self.identities.learn(&learnt).await?;
        if !learnt.is_empty() {
            failpoint::reach(Failpoint::IdentitiesLearnt);
        }
        self.deadlines.await_all(&events).await?;
        self.processing.tell_held(&learnt).await?;
        self.streaks.end(&events).await?;
        self.processing.process(events).await?;
        let mut connection = self.pool.acquire().await?;
        let is_ours = self.checkpoint.advance(&mut connection, from, to).await?;
        failpoint::reach(Failpoint::WebhooksAdvanced);
        Ok(if is_ours { Step::Advanced } else { Step::Elsewhere })
    }
}

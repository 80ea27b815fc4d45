//! The webhook saga: makes something of what WAHA told.
//!
//! ```text
//! WebhookReceived -> reader (WAHA's JSON) -> react -> a command to a message or a session -> WebhookProcessed
//! ```
//!
//! WAHA speaks of messages by WhatsApp's ids. Which message of ours one stands for is learnt from
//! `AttemptStarted` and `Sent`; news of an id not learnt yet is held until it is, and a chat's messages in doubt are
//! looked for at once when it shows a message of ours that nobody knows. What webhooks did not tell is looked for
//! in WAHA's chats (`gaps`). Invariant: every command is
//! harmless when repeated, so a batch that is interrupted is simply taken again.

mod contacts;
mod deadlines;
mod gaps;
mod identities;
mod processing;
mod streaks;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use domain::ports::event_log::RecordedEvent;
use domain::ports::leases::FencingToken;
use domain::ports::missed::MissedReader;
use domain::ports::waha::WebhookReader;
use domain::sagas::webhooks::Identity;
use failpoint::Failpoint;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::checkpoint::Checkpoint;
use super::follow::{self, Follower, Read, Step};
use super::{Process, SagaError};
use crate::executor::Executor;
use contacts::Contacts;
use deadlines::Deadlines;
pub use gaps::GapOptions;
use gaps::{Gaps, Hearing};
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
    /// How what webhooks did not tell is looked for.
    pub gaps: GapOptions,
}

/// The webhook saga of one process.
pub struct WebhookSaga {
    pool: PgPool,
    executor: Executor,
    processing: Arc<Processing>,
    identities: Identities,
    contacts: Contacts,
    deadlines: Deadlines,
    streaks: Streaks,
    hearing: Hearing,
    gaps: Gaps,
    checkpoint: Checkpoint,
    /// The turn in which all sessions were suspected of having missed something.
    turn: Mutex<Option<FencingToken>>,
}

impl WebhookSaga {
    /// The saga in a process.
    pub fn new(
        process: &Process,
        reader: Arc<dyn WebhookReader>,
        chats: Arc<dyn MissedReader>,
        options: WebhookOptions,
    ) -> Self {
        let identities = Identities::new(process.pool.clone());
        let contacts = Contacts::new(process.pool.clone());
        let (pool, executor) = (process.pool.clone(), process.executor.clone());
        let streaks = Streaks::new(pool.clone(), executor.clone(), options.suspect_after);
        let deadlines =
            Deadlines::new(pool.clone(), executor.clone(), options.ack_deadline, streaks.clone());
        let processing = Arc::new(Processing::new(
            pool.clone(),
            executor.clone(),
            reader,
            identities.clone(),
            contacts.clone(),
            deadlines.clone(),
        ));
        let hearing = Hearing::new(pool.clone(), options.gaps);
        let gaps =
            Gaps::new(process, hearing.clone(), chats, Arc::clone(&processing), options.gaps);
        Self {
            pool,
            executor,
            processing,
            identities,
            contacts,
            deadlines,
            streaks,
            hearing,
            gaps,
            checkpoint: process.checkpoint(SAGA),
            turn: Mutex::default(),
        }
    }

    /// Works until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::join!(
            follow::follow(&self, self.executor.log(), &shutdown),
            self.deadlines.run(&shutdown),
            self.gaps.run(&shutdown),
        );
    }

    /// Reads the log to its end.
    pub async fn catch_up(&self) -> Result<(), SagaError> {
        follow::catch_up(self, self.executor.log()).await
    }

    /// Before the first webhook of a turn is read: nobody may have listened between the turns, and what was heard last
    /// must not be forgotten for what comes now.
    async fn begin_turn(&self, token: FencingToken) -> Result<(), SagaError> {
        let turn = || self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if *turn() != Some(token) {
            self.hearing.suspect_all().await?;
            *turn() = Some(token);
        }
        Ok(())
    }
}

impl Follower for WebhookSaga {
    fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    async fn step(&self) -> Result<Step, SagaError> {
        let Some(from) = self.checkpoint.own().await? else { return Ok(Step::Elsewhere) };
        self.begin_turn(from.token()).await?;
        let concerns = |event: &RecordedEvent| {
            Processing::concerns(event)
                || Hearing::concerns(event)
                || Contacts::concerns(event)
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
        self.contacts.learn(&events).await?;
        self.hearing.note(&events).await?;
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

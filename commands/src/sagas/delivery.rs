//! The delivery saga: takes queued messages to WAHA.
//!
//! ```text
//! log -> memory -> delivery_jobs, delivery_sessions
//!                        |
//!        dispatcher claims what may go now (pace, fairness, priority, order per chat), under a lease
//!                        |
//!        attempt: AttemptStarted (durable) -> WAHA -> Sent | AttemptRefused | OutcomeUnknown (durable)
//!                        |
//! log <------------------'      the memory takes the job off the queue, or sets its next time
//!  ^                     |
//!  |                unknown: set aside, and noted in unknown_outcomes
//!  |                     |
//!  `------------ reconciler: looks at the chat in WAHA -> Sent | AbsenceProven | LeftUnknown | ResendOrdered
//! ```
//!
//! What keeps failing is left alone meanwhile: each outcome is noted in breakers, and the prober asks WAHA how it is.
//!
//! Invariants: the queue is changed by events alone, leases excepted; a message is handed to WAHA only by the
//! one who appended its `AttemptStarted`; a lease that runs out makes its message be looked at again, never
//! be sent again.

mod attempt;
mod breakers;
mod contacts;
mod dispatcher;
pub(super) mod doubts;
pub mod estimates;
pub mod inspection;
mod memory;
mod prober;
mod queue;
mod reconciler;
pub(crate) mod servers;
mod sessions;
pub(super) mod standing;
mod suspensions;

use std::sync::Arc;

use chrono::TimeDelta;
use domain::message::doubt::SettlePolicy;
use domain::message::retry::RetryPolicy;
use domain::ports::waha::{ChatReader, MessageGateway, SessionGateway};
use domain::sagas::delivery::breaker::BreakerPolicy;
use tokio_util::sync::CancellationToken;

use super::feeder::Feeder;
use super::{Process, SagaError, follow};
use crate::executor::Executor;
use attempt::Attempts;
use breakers::Breakers;
use dispatcher::Dispatcher;
use doubts::Doubts;
use memory::DeliveryMemory;
use prober::Prober;
use queue::Queue;
use reconciler::Reconciler;
use sessions::{Pace, Sessions};

/// How the saga delivers.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryOptions {
    /// Messages a session sends in a minute; 0 for as many as it can.
    pub rate_per_minute: u32,
    /// Between two messages to one chat, at least.
    pub chat_spacing: TimeDelta,
    /// Strangers a session writes to in a day (UTC); none: as many as it likes.
    pub first_contacts_a_day: Option<u32>,
    /// How often and when a refused message is tried again.
    pub retry: RetryPolicy,
    /// How long a session that WhatsApp has locked for reaching out writes to nobody new.
    pub reach_out_lock: TimeDelta,
    /// How an unknown outcome is settled, unless the tenant has it otherwise.
    pub settling: SettlePolicy,
    /// When nothing is sent through a WAHA server, or a session, that keeps failing.
    pub breaker: BreakerPolicy,
    /// How long a session takes to come to its full pace, after it began to work or a breaker has closed.
    pub ramp_up: TimeDelta,
    /// Calls to WAHA at a time, in this process.
    pub concurrency_max: u32,
}

/// The delivery saga of one process.
pub struct DeliverySaga {
    feeder: Feeder<DeliveryMemory>,
    dispatcher: Dispatcher,
    reconciler: Reconciler,
    prober: Prober,
    executor: Executor,
}

impl DeliverySaga {
    /// The saga in a process.
    pub fn new(
        process: &Process,
        waha: Arc<impl MessageGateway + SessionGateway + ChatReader + 'static>,
        options: DeliveryOptions,
    ) -> Self {
        let feeder = Feeder::new(process, DeliveryMemory { spacing: options.chat_spacing });
        let pace = Pace::per_minute(options.rate_per_minute);
        let ramp_seconds = options.ramp_up.as_seconds_f64();
        let breakers = Arc::new(Breakers::new(process.pool.clone(), options.breaker));
        let attempts = Attempts::new(
            process.executor.clone(),
            waha.clone(),
            Arc::clone(&breakers),
            options.retry,
            options.reach_out_lock,
        );
        let dispatcher = Dispatcher::new(
            Queue::new(process.pool.clone()),
            Sessions::new(process.pool.clone(), pace, ramp_seconds, options.first_contacts_a_day),
            attempts,
            process.engine,
            options.concurrency_max,
            feeder.fed(),
        );
        let reconciler = Reconciler::new(
            process,
            Doubts::new(process.pool.clone(), options.settling.wait(0)),
            waha.clone(),
            options.settling,
        );
        let prober = Prober::new(process, breakers, waha);
        Self { feeder, dispatcher, reconciler, prober, executor: process.executor.clone() }
    }

    /// Delivers until `shutdown`, and then finishes the calls that are on their way.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::join!(
            follow::follow(&self.feeder, self.executor.log(), &shutdown),
            self.dispatcher.run(&shutdown),
            self.reconciler.run(&shutdown),
            self.prober.run(&shutdown),
        );
    }

    /// Reads the log to its end.
    pub async fn catch_up(&self) -> Result<(), SagaError> {
        follow::catch_up(&self.feeder, self.executor.log()).await
    }

    /// Delivers everything that may go now; answers how many messages were attempted.
    pub async fn process_due(&self) -> Result<u64, SagaError> {
        self.catch_up().await?;
        let attempted = self.dispatcher.drain().await?;
        self.catch_up().await?;
        Ok(attempted)
    }
}

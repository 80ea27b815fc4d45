//! Claims messages and has them attempted, as many at a time as allowed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{EngineId, MessageId};
use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::super::SagaError;
use super::attempt::Attempts;
use super::queue::{Lease, Queue};
use super::sessions::Sessions;

/// Looks at least this often: tokens come and times fall due without an event.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const RENEW_EVERY: Duration = Duration::from_secs(3);
const HOUSEKEEP_EVERY: Duration = Duration::from_secs(1);
const RETRY_WAIT: Duration = Duration::from_secs(1);

pub(super) struct Dispatcher {
    queue: Queue,
    sessions: Sessions,
    attempts: Arc<Attempts>,
    engine: EngineId,
    concurrency_max: u32,
    fed: Arc<Notify>,
}

/// The attempts that are on their way.
#[derive(Default)]
struct InFlight {
    tasks: JoinSet<()>,
    messages: HashMap<Id, MessageId>,
}

impl Dispatcher {
    pub(super) fn new(
        queue: Queue,
        sessions: Sessions,
        attempts: Attempts,
        engine: EngineId,
        concurrency_max: u32,
        fed: Arc<Notify>,
    ) -> Self {
        let attempts = Arc::new(attempts);
        Self { queue, sessions, attempts, engine, concurrency_max, fed }
    }

    /// Works until `shutdown`; then claims nothing more and finishes what is on its way.
    pub(super) async fn run(&self, shutdown: &CancellationToken) {
        let mut in_flight = InFlight::default();
        let (mut look, mut renew, mut housekeep) =
            (ticker(LOOK_EVERY), ticker(RENEW_EVERY), ticker(HOUSEKEEP_EVERY));
        while !shutdown.is_cancelled() {
            let round = tokio::select! {
                () = shutdown.cancelled() => break,
                Some(()) = in_flight.next_done() => self.claim(&mut in_flight).await.map(drop),
                () = self.fed.notified() => self.claim(&mut in_flight).await.map(drop),
                _ = look.tick() => self.claim(&mut in_flight).await.map(drop),
                _ = renew.tick() => self.queue.renew(self.engine, &in_flight.messages()).await,
                _ = housekeep.tick() => self.housekeep(&mut in_flight).await,
            };
            if let Err(error) = round {
                tracing::error!(%error, "the delivery queue cannot be read; will try again");
                tokio::time::sleep(RETRY_WAIT).await;
            }
        }
        while !in_flight.tasks.is_empty() {
            tokio::select! {
                _ = in_flight.next_done() => {}
                _ = renew.tick() => {
                    if let Err(error) = self.queue.renew(self.engine, &in_flight.messages()).await {
                        tracing::warn!(%error, "could not renew leases while shutting down");
                    }
                }
            }
        }
    }

    /// Attempts everything that may go now; answers how many messages.
    pub(super) async fn drain(&self) -> Result<u64, SagaError> {
        let mut in_flight = InFlight::default();
        let mut attempted = 0;
        self.housekeep(&mut in_flight).await?;
        loop {
            let claimed = self.claim(&mut in_flight).await?;
            attempted += claimed;
            if claimed == 0 && in_flight.next_done().await.is_none() {
                return Ok(attempted);
            }
        }
    }

    async fn claim(&self, in_flight: &mut InFlight) -> Result<u64, sqlx::Error> {
        let busy = u32::try_from(in_flight.tasks.len()).unwrap_or(u32::MAX);
        let slots = self.concurrency_max.saturating_sub(busy);
        if slots == 0 {
            return Ok(0);
        }
        let jitter = self.attempts.fraction();
        let leases = self.sessions.claim(self.engine, slots, jitter).await?;
        Ok(self.start(leases, in_flight))
    }

    async fn housekeep(&self, in_flight: &mut InFlight) -> Result<(), sqlx::Error> {
        let overdue = self.queue.claim_overdue(self.engine).await?;
        self.start(overdue, in_flight);
        Ok(())
    }

    fn start(&self, leases: Vec<Lease>, in_flight: &mut InFlight) -> u64 {
        let mut started = 0;
        for lease in leases {
            let attempts = Arc::clone(&self.attempts);
            let message_id = lease.message_id;
            let task = in_flight.tasks.spawn(async move { attempts.fulfil(lease).await });
            in_flight.messages.insert(task.id(), message_id);
            started += 1;
        }
        started
    }
}

impl InFlight {
    /// Waits for an attempt to end; none if there is none. All that have ended make room at once: a look at the
    /// queue takes longer than many an attempt, and what counts as under way is not claimed anew.
    async fn next_done(&mut self) -> Option<()> {
        let mut ended = Some(self.tasks.join_next_with_id().await?);
        while let Some(attempt) = ended {
            let id = attempt.map_or_else(
                |error| {
                    tracing::error!(%error, "an attempt broke off; its lease will run out");
                    error.id()
                },
                |(id, ())| id,
            );
            self.messages.remove(&id);
            ended = self.tasks.try_join_next_with_id();
        }
        Some(())
    }

    fn messages(&self) -> Vec<MessageId> {
        self.messages.values().copied().collect()
    }
}

fn ticker(period: Duration) -> Interval {
    let mut ticker = interval(period);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticker
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn all_attempts_that_have_ended_make_room_at_once() {
        let mut in_flight = InFlight::default();
        let (reports, mut ended) = tokio::sync::mpsc::channel(3);
        for number in 0..3 {
            let reports = reports.clone();
            let task = in_flight.tasks.spawn(async move { reports.send(()).await.unwrap() });
            in_flight.messages.insert(task.id(), MessageId(Uuid::from_u128(number)));
        }
        for _ in 0..3 {
            ended.recv().await.unwrap();
        }
        in_flight.next_done().await.unwrap();
        assert!(in_flight.tasks.is_empty() && in_flight.messages().is_empty());
    }
}

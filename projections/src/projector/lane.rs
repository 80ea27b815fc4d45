//! One projection's way through the log.

use std::sync::Arc;
use std::time::Duration;

use domain::place::{LastPlace, Place};
use domain::ports::event_log::{EventLog, RecordedEvent};
use domain::ports::leases::{FencingToken, Leases, Work};
use domain::stream::Position;
use failpoint::Failpoint;
use metrics::{counter, gauge};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::setbacks::{PAUSE_MAX, Response, Setbacks};
use super::standstill::Standstill;
use super::{Projection, ProjectorError, checkpoint};

/// How often to see whether the process that has a projection still has it.
pub(super) const ELSEWHERE_PAUSE: Duration = Duration::from_millis(500);

/// Batches begin this far apart at least: what comes meanwhile is written together. The first event after a pause
/// waits for nothing.
const BATCH_EVERY: Duration = Duration::from_millis(25);
/// Not waiting for the disk: what a crash of the server undoes, view and checkpoint alike, the log gives again.
const BEGIN: &str = "begin; set local synchronous_commit = off";

/// A projection and what it needs to advance.
pub(super) struct Lane {
    log: Arc<dyn EventLog>,
    pool: PgPool,
    leases: Arc<dyn Leases>,
    projection: Arc<dyn Projection>,
    last: LastPlace,
}

/// What one attempt to advance came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A batch was applied.
    Advanced,
    /// There is nothing after this position yet.
    Idle(Position),
    /// Another process is at it.
    Elsewhere,
}

/// Runs the lane, and runs it again if it panics: a mistake in one projection must not stop the others, and
/// must not stop this one unseen.
pub(super) async fn supervise(lane: Arc<Lane>, shutdown: CancellationToken) {
    loop {
        let mut task = JoinSet::new();
        let (running, until) = (Arc::clone(&lane), shutdown.clone());
        task.spawn(async move { running.run(&until).await });
        match task.join_next().await {
            Some(Err(panic)) if panic.is_panic() => {
                lane.tell(Standstill::panic(), &mut None).await;
                let _ = shutdown.run_until_cancelled(sleep(PAUSE_MAX)).await;
            }
            _ => return,
        }
    }
}

impl Lane {
    pub(super) fn new(
        log: Arc<dyn EventLog>,
        pool: PgPool,
        leases: Arc<dyn Leases>,
        projection: Arc<dyn Projection>,
    ) -> Self {
        Self { log, pool, leases, projection, last: LastPlace::default() }
    }

    /// Applies the next batch, if there is one.
    pub(super) async fn advance(&self, limit: u16) -> Result<Step, ProjectorError> {
        let name = self.projection.name();
        let lease = Work::Projection(name);
        let Some(token) = self.leases.hold(lease).await? else { return Ok(Step::Elsewhere) };
        let Some(written) = checkpoint::own(&self.pool, name, token).await? else {
            return Ok(Step::Elsewhere);
        };
        let place = self.last.or_at(written, std::time::Instant::now());
        let events = match self.log.read_all(place.seen, limit).await {
            Ok(events) => events,
            Err(error) => {
                self.write(place, token, &[]).await?;
                return Err(error.into());
            }
        };
        let Some(last) = events.last() else {
            gauge!("heliograph_projection_lag_seconds", "projection" => name).set(0.0);
            let is_ours = self.write(place, token, &[]).await?;
            return Ok(if is_ours { Step::Idle(place.seen) } else { Step::Elsewhere });
        };
        let is_concerned = events.iter().any(|event| self.projection.concerns(event));
        let is_ours = if is_concerned {
            self.write(place, token, &events).await?
        } else {
            let place = place.past(last.position, events.len());
            self.last.keep(place);
            !place.is_late(std::time::Instant::now()) || self.write(place, token, &[]).await?
        };
        if !is_ours {
            return Ok(Step::Elsewhere);
        }
        let applied = u64::try_from(events.len()).unwrap_or(u64::MAX);
        counter!("heliograph_projection_events_total", "projection" => name).increment(applied);
        Ok(Step::Advanced)
    }

    /// Applies events and moves the checkpoint past them, or as far as the lane has seen; false if it is no longer
    /// this process's to move.
    async fn write(
        &self,
        place: Place,
        token: FencingToken,
        events: &[Arc<RecordedEvent>],
    ) -> Result<bool, ProjectorError> {
        let to = events.last().map_or(place.seen, |last| last.position);
        if to == place.written {
            return Ok(true);
        }
        let name = self.projection.name();
        failpoint::reach(Failpoint::ProjectionRead);
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        if !checkpoint::lock(&mut transaction, name, place.written, token).await? {
            return Ok(false);
        }
        if !events.is_empty() {
            self.projection
                .apply(&mut transaction, events)
                .await
                .map_err(|error| ProjectorError::applying(events, error))?;
        }
        failpoint::reach(Failpoint::ProjectionApplied);
        let passed = place.passed + events.len();
        let recorded_at = events.last().map(|last| last.recorded_at);
        let lag_seconds =
            checkpoint::move_to(&mut transaction, name, to, passed, recorded_at).await?;
        failpoint::reach(Failpoint::ProjectionMoved);
        transaction.commit().await?;
        failpoint::reach(Failpoint::ProjectionCommitted);
        if let Some(lag_seconds) = lag_seconds {
            gauge!("heliograph_projection_lag_seconds", "projection" => name).set(lag_seconds);
        }
        Ok(true)
    }

    async fn run(&self, shutdown: &CancellationToken) {
        let mut setbacks = Setbacks::NONE;
        // The process before this one may have left an error behind.
        let mut shown = Some(Standstill::default());
        while !shutdown.is_cancelled() {
            let began = Instant::now();
            let result = self.advance(setbacks.batch).await;
            // That another process is at it tells nothing: it may fail at the same event.
            if let Ok(Step::Advanced | Step::Idle(_)) = result {
                setbacks = Setbacks::NONE;
                if let Some(before) = shown.take() {
                    self.show_health(&before).await;
                }
            }
            match result {
                Ok(Step::Advanced) => {
                    let next = sleep_until(began + BATCH_EVERY);
                    let _ = shutdown.run_until_cancelled(next).await;
                }
                Ok(Step::Idle(at)) => {
                    let _ = shutdown.run_until_cancelled(self.log.wait(at)).await;
                }
                Ok(Step::Elsewhere) => {
                    let _ = shutdown.run_until_cancelled(sleep(ELSEWHERE_PAUSE)).await;
                }
                Err(error) => {
                    if let Response::Pause(pause) = setbacks.count(&error) {
                        self.tell(Standstill::of(&error), &mut shown).await;
                        let _ = shutdown.run_until_cancelled(sleep(pause)).await;
                    }
                }
            }
        }
    }

    /// Shows why the lane stands still, once for as long as it stays the same.
    async fn tell(&self, standstill: Standstill, shown: &mut Option<Standstill>) {
        if shown.as_ref() == Some(&standstill) {
            return;
        }
        let name = self.projection.name();
        if let Some(before) = shown {
            before.gauge(name, 0.0);
        }
        standstill.gauge(name, 1.0);
        let position = match checkpoint::read(&self.pool, name).await {
            Ok(position) => position.to_string(),
            Err(_) => "unknown".to_owned(),
        };
        tracing::error!(
            projection = name,
            position,
            error = standstill.error,
            "projection {name} stands still after {position}"
        );
        // What cannot be noted because the database is away shows in readiness all the same.
        let _ = checkpoint::note(&self.pool, name, Some(&standstill)).await;
        *shown = Some(standstill);
    }

    async fn show_health(&self, before: &Standstill) {
        let name = self.projection.name();
        before.gauge(name, 0.0);
        if let Err(error) = checkpoint::note(&self.pool, name, None).await {
            tracing::warn!(projection = name, %error, "projection {name} moves, but its status may not say so");
        }
    }
}

//! Views built beside the live ones: to take their place (rebuild), or to be compared with them (verify).
//!
//! ```text
//! rebuild   schema messages_v2:     load from the log --> make the indexes --> level with the live view --> swap
//! verify    schema messages_verify: load from the log --> level with the live view --> compare, and drop
//!
//!   level:  hold the live view's checkpoint (its lanes stand aside), apply what is missing
//!   swap:   in one transaction: drop the live tables, move the new ones to their place, move the checkpoint
//! ```
//!
//! Invariants:
//! - The live view is as it was until the swap commits, and nobody ever sees a part of the new one.
//! - While it loads, a build can reach no tables but its own: they are all there is on its search path.
//! - One process at a time builds of a projection: its connection holds an advisory lock. What it leaves behind
//!   when it dies is in `projection_builds`, and dropped by the next.
//! - No transaction of a build is open for long: others would wait for its locks, and vacuum for its snapshot. So
//!   each index is made by a statement of its own, and nothing waits for long while it holds the checkpoint.

mod compare;
mod error;
mod indexes;
mod load;
pub mod register;
mod scratch;
mod shape;
mod snapshots;
mod swap;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use domain::ports::event_log::EventLog;
use domain::stream::Position;
use serde::Serialize;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub use compare::{Difference, DifferenceKind};
pub use error::BuildError;
pub use verify::Verified;

use crate::projector::{Projection, checkpoint};
use register::Purpose;
use scratch::Scratch;

/// How long to wait before a statement that goes on is told to stop again.
const CANCEL_EVERY: Duration = Duration::from_millis(200);

/// Builds views beside the live ones.
pub struct Builder {
    log: Arc<dyn EventLog>,
    pool: PgPool,
    shutdown: CancellationToken,
    progress: watch::Sender<Progress>,
}

/// How far a build has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// What it is at.
    pub phase: Phase,
    /// Events applied.
    pub events: u64,
    /// Events the live view had seen when the build began.
    pub total: u64,
}

/// What a build is at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Phase {
    /// Applies the log.
    #[default]
    Loading,
    /// Makes the indexes.
    Indexing,
    /// Takes the live view's place, as soon as nobody reads the live one.
    Switching,
    /// Compares the live view with the one built.
    Comparing,
}

/// A view that has taken the live one's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rebuilt {
    /// Of which projection.
    pub name: &'static str,
    /// Its version.
    pub version: i32,
    /// The last event in it.
    #[serde(serialize_with = "checkpoint::as_text")]
    pub position: Position,
    /// Events applied.
    pub events: u64,
}

impl Builder {
    /// Builds from this log in this database, until `shutdown`.
    pub fn new(log: Arc<dyn EventLog>, pool: PgPool, shutdown: CancellationToken) -> Self {
        Self { log, pool, shutdown, progress: watch::Sender::default() }
    }

    /// Tells how far the build under way has come.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Builds the projection's view anew and puts it in the live one's place. Readers and projectors go on
    /// meanwhile.
    pub async fn rebuild(&self, projection: Arc<dyn Projection>) -> Result<Rebuilt, BuildError> {
        let mut scratch = Scratch::open(&self.pool, projection, Purpose::Rebuild).await?;
        let backend = scratch.backend;
        let work = Box::pin(async {
            let indexes = scratch.defer_indexes().await?;
            self.load(&mut scratch, None).await?;
            self.enter(Phase::Indexing);
            scratch.make_indexes(&self.pool, indexes, &self.shutdown).await?;
            self.enter(Phase::Loading);
            self.load(&mut scratch, None).await?;
            self.enter(Phase::Switching);
            self.switch(&mut scratch).await
        });
        let result = self.interruptible(backend, work).await;
        scratch.close(result.is_ok()).await;
        result
    }

    /// Builds the view as it should be where the live one is now, and compares the two.
    pub async fn verify(&self, projection: Arc<dyn Projection>) -> Result<Verified, BuildError> {
        let mut scratch = Scratch::open(&self.pool, projection, Purpose::Verify).await?;
        let backend = scratch.backend;
        let work = Box::pin(async {
            scratch.defer_indexes().await?;
            let held = self.level(&mut scratch).await?;
            self.enter(Phase::Comparing);
            self.compare(&mut scratch, held).await
        });
        let result = self.interruptible(backend, work).await;
        scratch.close(false).await;
        result
    }

    fn enter(&self, phase: Phase) {
        self.progress.send_modify(|progress| progress.phase = phase);
    }

    /// Does the work until `shutdown`; then a statement that may go on for minutes is told to stop.
    async fn interruptible<T>(
        &self,
        backend: i32,
        work: impl Future<Output = Result<T, BuildError>>,
    ) -> Result<T, BuildError> {
        tokio::pin!(work);
        tokio::select! {
            result = &mut work => return result,
            () = self.shutdown.cancelled() => {}
        }
        loop {
            let _ = scratch::cancel(&self.pool, backend).await;
            tokio::select! {
                result = &mut work => return result.map_err(|_| BuildError::Interrupted),
                () = sleep(CANCEL_EVERY) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;

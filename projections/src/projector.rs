//! The projector: carries every event of the log into the read models, once.
//!
//! ```text
//! one lane per projection, each at its own pace:
//!
//!   checkpoint --> read_all --> begin; lock checkpoint; apply; move checkpoint; commit --.
//!       ^                                                                                |
//!       `--------------------------------------------------------------------------------'
//! ```
//!
//! Invariant: the view and its checkpoint move in one transaction, and only from the checkpoint the events were
//! read after. So each event counts exactly once, whatever crashes and however many processes run. Each projection is
//! leased to one of them; an owner that was paused past its lease is refused by the checkpoint when it wakes.
//!
//! The log is read before the transaction begins, which would else be open for longer and keep a second connection
//! waiting.
//!
//! An event that cannot be read or applied stops its projection there, with the error in its status, and the
//! others go on. Nothing is ever skipped.

pub mod checkpoint;
mod error;
mod lane;
mod setbacks;
mod standstill;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::event_log::{EventLog, RecordedEvent};
use domain::ports::leases::Leases;
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use error::ProjectorError;
use lane::{Lane, Step};

/// Most events applied in one transaction.
pub const BATCH_MAX: u16 = 1000;

/// One read model's writing half.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Its name. Its view has a version too: a new one is built beside the old (see [`crate::build`]).
    fn name(&self) -> &'static str;

    /// What makes its tables: the migrations that made the live ones, in their order. They are run again in the
    /// schema a view is built in, so they make the projection's own tables and nothing else.
    fn definition(&self) -> &'static [&'static str];

    /// Whether the event may change the view.
    fn concerns(&self, event: &RecordedEvent) -> bool;

    /// Writes what follows from the events, given in the log's order. Set-based: a bounded number of
    /// statements for a batch, never one for each event. Events of no concern are ignored.
    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error>;

    /// Rows that depend on how events were batched, and so may differ between two right views.
    fn uncompared(&self) -> &'static [Uncompared] {
        &[]
    }
}

/// Rows that are left out when two views are compared.
#[derive(Debug, Clone, Copy)]
pub struct Uncompared {
    /// In which table.
    pub table: &'static str,
    /// Which: a condition, in SQL.
    pub rows: &'static str,
}

/// Keeps projections up with the log.
pub struct Projector {
    lanes: Vec<Arc<Lane>>,
}

impl Projector {
    /// A projector of these projections.
    pub fn new(
        log: Arc<dyn EventLog>,
        pool: PgPool,
        leases: Arc<dyn Leases>,
        projections: impl IntoIterator<Item = Arc<dyn Projection>>,
    ) -> Self {
        let lane = move |projection| {
            Lane::new(Arc::clone(&log), pool.clone(), Arc::clone(&leases), projection)
        };
        Self { lanes: projections.into_iter().map(lane).map(Arc::new).collect() }
    }

    /// Projects until `shutdown`, then finishes the batches under way. Returns only then.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
        for lane in &self.lanes {
            tasks.spawn(lane::supervise(Arc::clone(lane), shutdown.clone()));
        }
        tasks.join_all().await;
    }

    /// Projects until no projection finds anything more.
    pub async fn catch_up(&self) -> Result<(), ProjectorError> {
        loop {
            let mut moved = false;
            for lane in &self.lanes {
                loop {
                    match lane.advance(BATCH_MAX).await? {
                        Step::Idle(_) => break,
                        Step::Advanced => moved = true,
                        Step::Elsewhere => {
                            moved = true;
                            tokio::time::sleep(lane::ELSEWHERE_PAUSE).await;
                        }
                    }
                }
            }
            if !moved {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;

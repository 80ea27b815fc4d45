//! The session saga: does in WAHA what was asked of a session, and hears from WAHA how sessions are.
//!
//! ```text
//! log -> feeder -> session_actions -> worker (under a lease) -> WAHA -> ActionCompleted | ActionFailed
//!                                     watcher: asks WAHA for every session's status now and then, since
//!                                              webhooks can be lost                  -> StatusChanged
//! ```
//!
//! Invariant: an action is safe to repeat, so one whose outcome is in doubt is done again.

mod actions;
mod feeder;
mod watcher;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use domain::id::EngineId;
use domain::ports::waha::SessionGateway;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{SagaError, follow};
use crate::executor::Executor;
use crate::session_keys::SessionKeys;
use feeder::Feeder;
use watcher::Watcher;
use worker::Worker;

/// How the saga works.
#[derive(Debug, Clone, Copy)]
pub struct SessionOptions {
    /// How often WAHA is asked for every session's status.
    pub watch_every: Duration,
}

/// The session saga of one process.
pub struct SessionSaga {
    feeder: Feeder,
    worker: Worker,
    watcher: Watcher,
    executor: Executor,
}

impl SessionSaga {
    /// The saga of the process `engine`.
    pub fn new(
        pool: PgPool,
        executor: Executor,
        gateway: Arc<dyn SessionGateway>,
        engine: EngineId,
        options: SessionOptions,
    ) -> Self {
        let keys = SessionKeys::new(pool.clone());
        Self {
            feeder: Feeder::new(pool.clone(), executor.clone()),
            worker: Worker::new(pool.clone(), executor.clone(), Arc::clone(&gateway), keys, engine),
            watcher: Watcher::new(pool, executor.clone(), gateway, engine, options.watch_every),
            executor,
        }
    }

    /// Works until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::join!(
            follow::follow(&self.feeder, self.executor.log(), &shutdown),
            self.worker.run(self.feeder.fed(), &shutdown),
            self.watcher.run(&shutdown),
        );
    }

    /// Reads the log to its end and does once whatever is due.
    pub async fn catch_up(&self) -> Result<(), SagaError> {
        follow::catch_up(&self.feeder).await?;
        self.worker.work().await?;
        follow::catch_up(&self.feeder).await
    }
}

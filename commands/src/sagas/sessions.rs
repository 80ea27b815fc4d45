//! The session saga: does in WAHA what was asked of a session, and hears from WAHA how sessions are.
//!
//! ```text
//! log -> memory -> session_actions -> worker (under a lease) -> WAHA -> ActionCompleted | ActionFailed
//!                                     watcher: asks WAHA for every session's status now and then, since
//!                                              webhooks can be lost                  -> StatusChanged
//!                                     healer:  has failed and suspect sessions restarted -> ActionRequested
//! ```
//!
//! Invariant: an action is safe to repeat, so one whose outcome is in doubt is done again.

mod actions;
mod healer;
mod memory;
mod watcher;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use domain::id::{SessionId, TenantId};
use domain::ports::event_log::{Actor, Metadata};
use domain::ports::waha::SessionGateway;
use domain::session::{Command, Session};
use tokio_util::sync::CancellationToken;

use super::feeder::Feeder;
use super::{Process, SagaError, follow};
use crate::executor::{CommandError, Executor};
use crate::session_keys::SessionKeys;
use healer::Healer;
use memory::SessionMemory;
use watcher::Watcher;
use worker::Worker;

/// How the saga works.
#[derive(Debug, Clone, Copy)]
pub struct SessionOptions {
    /// How often WAHA is asked for every session's status.
    pub watch_every: Duration,
    /// How often failed and suspect sessions are looked after; none: people do that.
    pub heal_every: Option<Duration>,
}

/// The session saga of one process.
pub struct SessionSaga {
    feeder: Feeder<SessionMemory>,
    worker: Worker,
    watcher: Watcher,
    healer: Option<Healer>,
    executor: Executor,
}

impl SessionSaga {
    /// The saga in a process.
    pub fn new(
        process: &Process,
        gateway: Arc<dyn SessionGateway>,
        options: SessionOptions,
    ) -> Self {
        let keys = SessionKeys::new(process.pool.clone());
        Self {
            feeder: Feeder::new(process, SessionMemory),
            worker: Worker::new(process, Arc::clone(&gateway), keys),
            watcher: Watcher::new(process, gateway, options.watch_every),
            healer: options.heal_every.map(|every| Healer::new(process, every)),
            executor: process.executor.clone(),
        }
    }

    /// Works until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let fed = self.feeder.fed();
        tokio::join!(
            follow::follow(&self.feeder, self.executor.log(), &shutdown),
            self.worker.run(&fed, &shutdown),
            self.watcher.run(&shutdown),
            async {
                if let Some(healer) = &self.healer {
                    healer.run(&shutdown).await;
                }
            },
        );
    }

    /// Reads the log to its end and does once whatever is due.
    pub async fn catch_up(&self) -> Result<(), SagaError> {
        follow::catch_up(&self.feeder, self.executor.log()).await?;
        self.worker.work().await?;
        follow::catch_up(&self.feeder, self.executor.log()).await
    }
}

/// Takes news of a session to it. A refusal makes the news pointless rather than wrong.
async fn tell(
    executor: &Executor,
    tenant: TenantId,
    session: SessionId,
    command: Command,
) -> Result<(), SagaError> {
    let metadata = Metadata::new(Actor::SessionSaga, session.0);
    match executor.execute::<Session>(tenant, session.0, command, metadata).await {
        Ok(_) | Err(CommandError::Rejected(_)) => Ok(()),
        Err(error) => Err(SagaError::Command(error.into())),
    }
}

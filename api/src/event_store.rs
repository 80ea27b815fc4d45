//! The event log that the settings name: opened here and nowhere else.

use std::sync::Arc;

use commands::event_log::eventstore::EventStoreLog;
use commands::event_log::postgres::PostgresLog;
use domain::ports::event_log::{EventLog, LogError};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::settings::EventStoreSettings;

/// Opens the log and starts its tasks, which end with `shutdown`.
pub fn open(
    settings: &EventStoreSettings,
    pool: PgPool,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Result<Arc<dyn EventLog>, LogError> {
    Ok(match &settings.address {
        Some(address) => EventStoreLog::open(address.clone(), tasks, shutdown)?,
        None => PostgresLog::open(pool, tasks, shutdown),
    })
}

/// Whether the store is there and can be used; answers what it is.
pub(crate) async fn probe(
    settings: &EventStoreSettings,
    pool: &PgPool,
) -> Result<String, LogError> {
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let log = open(settings, pool.clone(), &tasks, &shutdown)?;
    let answer = log.probe().await;
    shutdown.cancel();
    tasks.close();
    tasks.wait().await;
    answer
}

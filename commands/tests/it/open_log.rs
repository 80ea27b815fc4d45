//! A log opened for one test, and readers that follow it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use commands::event_log::postgres::PostgresLog;
use domain::id::EventId;
use domain::ports::event_log::{Appended, EventLog, LogError, NewEvent, RecordedEvent};
use domain::stream::{ExpectedVersion, Position, StreamName, Version};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Far more than anything here takes: what has not come by then never comes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A log whose tasks end when it is dropped.
pub(crate) struct OpenLog {
    log: Arc<PostgresLog>,
    _shutdown: DropGuard,
}

impl OpenLog {
    /// Opens the log in the pool's database.
    pub(crate) fn over(pool: &PgPool) -> Self {
        let shutdown = CancellationToken::new();
        let log = PostgresLog::open(pool.clone(), &TaskTracker::new(), &shutdown);
        Self { log, _shutdown: shutdown.drop_guard() }
    }

    /// As `Arc`, for those who share it.
    pub(crate) fn shared(&self) -> Arc<PostgresLog> {
        Arc::clone(&self.log)
    }

    /// Appends to a stream that does not exist yet.
    pub(crate) async fn begin(
        &self,
        stream: StreamName,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        self.append_at(stream, 0, events).await
    }

    /// Appends to a stream that holds `version` events.
    pub(crate) async fn append_at(
        &self,
        stream: StreamName,
        version: u32,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        self.append(stream, ExpectedVersion::Exact(Version(version)), events.to_vec()).await
    }

    /// The ids of a stream's events, oldest first.
    pub(crate) async fn ids_of(&self, stream: StreamName) -> Vec<EventId> {
        self.read_stream(stream).await.unwrap().iter().map(|event| event.id).collect()
    }
}

impl Deref for OpenLog {
    type Target = PostgresLog;

    fn deref(&self) -> &PostgresLog {
        &self.log
    }
}

/// Another pool of the same database, as another process would have it.
pub(crate) fn another_pool(pool: &PgPool) -> PgPool {
    let options = sqlx::postgres::PgConnectOptions::clone(&pool.connect_options());
    PgPoolOptions::new().max_connections(16).connect_lazy_with(options)
}

/// Everything in the log, read as a subscriber reads it, up to and with the event `last`.
pub(crate) async fn tail_until(log: &dyn EventLog, last: EventId) -> Vec<Arc<RecordedEvent>> {
    let mut seen: Vec<Arc<RecordedEvent>> = Vec::new();
    let reading = async {
        while seen.last().is_none_or(|event| event.id != last) {
            let after = seen.last().map_or(Position::START, |event| event.position);
            let news = log.read_all(after, 100).await.unwrap();
            if news.is_empty() {
                log.wait(after).await;
            }
            let end = news.iter().position(|event| event.id == last);
            seen.extend(news.into_iter().take(end.map_or(usize::MAX, |index| index + 1)));
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the last event never came");
    seen
}

/// The ids of everything committed, in the order of the log.
pub(crate) async fn committed(pool: &PgPool) -> Vec<EventId> {
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("select event_id from events order by transaction_id, position")
            .fetch_all(pool)
            .await
            .unwrap();
    ids.into_iter().map(EventId).collect()
}

//! The event log on PostgreSQL.
//!
//! ```text
//! append -> lane (by stream) -> appender: whatever has queued up meanwhile goes in one statement,
//!                                         one commit; every request is accepted or refused by itself
//!                                       -> head: wakes readers here, and by NOTIFY in other processes
//! read_all <- (transaction, position) order, below the oldest transaction that may still append (horizon)
//! ```
//!
//! Invariants: an append is durable when it returns; a stream's versions have no hole and no double; a
//! reader that has seen a position never learns later of an event before it.

mod announcements;
mod appender;
mod batch;
mod connections;
pub mod diagnosis;
mod horizon;
mod partitions;
mod reader;
mod versions;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::event_log::{Appended, EventLog, LogError, NewEvent, RecordedEvent};
use domain::stream::{ExpectedVersion, Position, StreamName, Version};
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use announcements::Announcements;
use appender::Appender;
use batch::{Overlap, Request};

/// Appenders that work side by side. While one waits for its commit, the other gathers: measured, two
/// double the throughput on two cores and more do not help.
const LANES: usize = 2;
/// Requests that may wait in a lane before callers wait too.
const LANE_CAPACITY: usize = 4096;

/// The event log on PostgreSQL.
pub struct PostgresLog {
    readers: PgPool,
    lanes: Vec<mpsc::Sender<Request>>,
    questions: mpsc::Sender<versions::Question>,
    announcements: Arc<Announcements>,
}

impl PostgresLog {
    /// Opens the log in a migrated database and starts its tasks, which end with `shutdown` after what was
    /// asked before is done.
    pub fn open(pool: PgPool, tasks: &TaskTracker, shutdown: &CancellationToken) -> Arc<Self> {
        let appenders = connections::appenders(&pool, u32::try_from(LANES).unwrap_or(1));
        let readers = connections::readers(&pool);
        let announcements = Arc::new(Announcements::new());
        let lanes = (0..LANES)
            .map(|_| {
                let (sender, requests) = mpsc::channel(LANE_CAPACITY);
                let appender = Appender::new(appenders.clone(), Arc::clone(&announcements));
                tasks.spawn(appender.run(requests, shutdown.clone()));
                sender
            })
            .collect();
        let (questions, asked) = mpsc::channel(LANE_CAPACITY);
        tasks.spawn(versions::answer(readers.clone(), asked, shutdown.clone()));
        let own = Arc::clone(&announcements);
        tasks.spawn(announcements::announce(own, pool.clone(), shutdown.clone()));
        let others = Arc::clone(&announcements);
        tasks.spawn(announcements::listen(others, pool.clone(), shutdown.clone()));
        tasks.spawn(partitions::keep_ahead(pool, shutdown.clone()));
        Arc::new(Self { readers, lanes, questions, announcements })
    }

    /// One stream always takes the same lane, so its appends keep their order.
    fn lane(&self, stream: StreamName) -> &mpsc::Sender<Request> {
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        let lanes = u64::try_from(self.lanes.len()).unwrap_or(1);
        &self.lanes[usize::try_from(hasher.finish() % lanes).unwrap_or(0)]
    }

    async fn append_at(
        &self,
        stream: StreamName,
        version: Version,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::new(stream, version, events, reply)?;
        let closed = || LogError::Unavailable("the event log is shutting down".into());
        self.lane(stream).send(request).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Appends at whatever version the stream is, which is read first: only what is appended at a version
    /// can be repeated without being appended twice. Whoever finds the stream moved looks again; somebody
    /// else's append succeeded then, so all of them come to an end.
    async fn append_to_any(
        &self,
        stream: StreamName,
        events: &[NewEvent],
    ) -> Result<Appended, LogError> {
        loop {
            let version = self.version(stream).await?;
            // Looked for after the version was read: an append in between makes this one conflict.
            let ids: Vec<_> = events.iter().map(|event| event.id).collect();
            match batch::find(&self.readers, stream, &ids).await.map_err(unavailable)? {
                Overlap::Whole(appended) => return Ok(appended),
                Overlap::Partial => return Err(LogError::Conflict { stream }),
                Overlap::None => {}
            }
            match self.append_at(stream, version, events).await {
                Err(LogError::Conflict { .. }) => {}
                result => return result,
            }
        }
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    async fn append(
        &self,
        stream: StreamName,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        match expected {
            ExpectedVersion::Exact(version) => self.append_at(stream, version, &events).await,
            ExpectedVersion::Any => self.append_to_any(stream, &events).await,
        }
    }

    async fn read_stream(&self, stream: StreamName) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        reader::read_stream(&self.readers, stream).await
    }

    async fn version(&self, stream: StreamName) -> Result<Version, LogError> {
        versions::ask(&self.questions, stream).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        reader::read_all(&self.readers, after, limit).await
    }

    async fn wait(&self, after: Position) {
        self.announcements.head.wait(after).await;
    }

    async fn probe(&self) -> Result<String, LogError> {
        let version = diagnosis::server_version(&self.readers).await.map_err(unavailable)?;
        Ok(format!("PostgreSQL {version}"))
    }
}

/// A failure of the database as the port knows it: trying later may help.
fn unavailable(error: sqlx::Error) -> LogError {
    LogError::Unavailable(error.into())
}

//! The event log on EventStoreDB, which is called KurrentDB today.
//!
//! ```text
//! append      -> the server checks the revision it is given; what may have been done is asked for again
//! read_stream <- one read
//! read_all    <- a filtered subscription to $all, drained to a page or until the server says "caught up"
//! wait        <- one live subscription for the whole process; a poll covers what it misses
//! ```
//!
//! Ours are the streams named as [`StreamName`] says; others of the same server are passed over, on the
//! server already where their names differ at the beginning. Versions start at 1 here and at revision 0
//! there; a position is (commit, prepare).
//!
//! Invariants: an append is durable when it returns; no append is carried out twice, however often it is
//! repeated; an event of ours that cannot be read stops its reader. Nothing outside this module knows the
//! crate `eventstore`.

mod address;
mod appending;
mod connection;
mod diagnosis;
mod live;
mod reading;
mod record;
mod stranger;
mod streams;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::event_log::{Appended, EventLog, LogError, NewEvent, RecordedEvent};
use domain::stream::{ExpectedVersion, Position, StreamName, Version};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::head::Head;
use connection::{Connection, unavailable};
use reading::Quiet;

pub use address::{Address, InvalidAddress};
pub(super) use stranger::Stranger;

/// The event log on EventStoreDB.
pub struct EventStoreLog {
    connection: Arc<Connection>,
    head: Arc<Head>,
    quiet: Quiet,
}

impl EventStoreLog {
    /// Opens the log and starts its task, which ends with `shutdown`. Whether the server is there is seen
    /// when it is asked for something.
    pub fn open(
        address: Address,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Arc<Self>, LogError> {
        let connection = Arc::new(Connection::open(address).map_err(unavailable)?);
        let head = Arc::new(Head::new());
        tasks.spawn(live::listen(Arc::clone(&connection), Arc::clone(&head), shutdown.clone()));
        Ok(Arc::new(Self { connection, head, quiet: Quiet::default() }))
    }
}

#[async_trait]
impl EventLog for EventStoreLog {
    async fn append(
        &self,
        stream: StreamName,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        let appended = appending::append(&self.connection, stream, expected, &events).await?;
        self.head.hear_of(appended.position);
        Ok(appended)
    }

    async fn read_stream(&self, stream: StreamName) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        reading::read_stream(&self.connection, stream).await
    }

    async fn version(&self, stream: StreamName) -> Result<Version, LogError> {
        reading::version(&self.connection, stream).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        reading::read_all(&self.connection, &self.quiet, after, limit).await
    }

    async fn wait(&self, after: Position) {
        self.head.wait(after).await;
    }

    async fn probe(&self) -> Result<String, LogError> {
        diagnosis::probe(&self.connection).await
    }
}

//! What a case needs of a store beyond the port: to be reached in other ways, and strangers.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::event_log::EventLog;
use domain::stream::StreamName;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::stage::Failure;

/// How a store is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As it is.
    Direct,
    /// Through a relay, which is here.
    Through(SocketAddr),
    /// By somebody it does not know.
    AsNobody,
}

/// A store that is put to the cases.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens the log, as a process of its own would.
    fn open(
        &self,
        way: Way,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Arc<dyn EventLog>, Failure>;

    /// The server, as `host:port`.
    fn server(&self) -> Result<String, Failure>;

    /// Somebody else appends an event of a type we do not know to a stream of ours.
    async fn append_unknown(&self, stream: StreamName, event_type: &str) -> Result<(), Failure>;

    /// Somebody else appends events to a stream named almost like one of ours.
    async fn append_foreign(&self, stream: StreamName, count: usize) -> Result<(), Failure>;
}

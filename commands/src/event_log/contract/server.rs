//! A server of EventStoreDB, put to the cases: in streams nobody else sees, so it may be in use.

use std::sync::Arc;

use async_trait::async_trait;
use domain::causes;
use domain::ports::event_log::EventLog;
use domain::stream::StreamName;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::stage::Failure;
use super::store::{Store, Way};
use crate::event_log::eventstore::{Address, EventStoreLog, Stranger};

/// A server of EventStoreDB.
pub struct EventStoreServer {
    address: Address,
}

impl EventStoreServer {
    /// The server at `address`; `run` sets this run's streams apart from all others'.
    pub fn new(address: Address, run: Uuid) -> Self {
        Self { address: address.within(format!("contract-{}-", run.simple())) }
    }

    fn stranger(&self) -> Result<Stranger, Failure> {
        Stranger::new(self.address.clone())
            .map_err(|error| Failure::Broken(causes::in_one_line(&error)))
    }
}

#[async_trait]
impl Store for EventStoreServer {
    fn open(
        &self,
        way: Way,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Arc<dyn EventLog>, Failure> {
        let address = match way {
            Way::Direct => self.address.clone(),
            Way::Through(relay) => self.address.through(relay).ok_or(Failure::Skipped(
                "a cluster, or a server with TLS, cannot be taken for itself behind a relay",
            ))?,
            Way::AsNobody => {
                let nobody = self.address.of_nobody();
                nobody.ok_or(Failure::Skipped("the address names no user"))?
            }
        };
        Ok(EventStoreLog::open(address, tasks, shutdown)?)
    }

    fn server(&self) -> Result<String, Failure> {
        self.address.host().ok_or(Failure::Skipped("the address names no host"))
    }

    async fn append_unknown(&self, stream: StreamName, event_type: &str) -> Result<(), Failure> {
        let appended = self.stranger()?.append_to_ours(stream, event_type).await;
        appended.map_err(|error| Failure::Broken(causes::in_one_line(&error)))
    }

    async fn append_foreign(&self, stream: StreamName, count: usize) -> Result<(), Failure> {
        let appended = self.stranger()?.append_to_theirs(stream, count).await;
        appended.map_err(|error| Failure::Broken(causes::in_one_line(&error)))
    }
}

//! The sagas' runners: events in, commands and calls to WAHA out.
//!
//! What follows from an event is decided in `domain::sagas`; here it is carried out. Each saga's memory is a
//! fold of the log in its own tables, moved together with its checkpoint by the process that holds its lease, so it
//! survives any crash and can be rebuilt. Invariant: no transaction is open during a call to WAHA.

mod checkpoint;
pub mod delivery;
mod feeder;
mod follow;
pub mod mails;
pub mod sessions;
pub mod webhooks;

use std::sync::Arc;

use domain::id::EngineId;
use domain::ports::event_log::LogError;
use domain::ports::leases::{LeaseError, Leases};
use sqlx::PgPool;

use crate::executor::Executor;
use checkpoint::Checkpoint;

pub use checkpoint::{SagaStatus, statuses};

/// The process a saga works in, and what it shares with the others there.
#[derive(Clone)]
pub struct Process {
    /// The database of the sagas' memories.
    pub pool: PgPool,
    /// Takes commands to the log.
    pub executor: Executor,
    /// Which process it is.
    pub engine: EngineId,
    /// Which sagas it reads for.
    pub leases: Arc<dyn Leases>,
}

impl Process {
    fn checkpoint(&self, saga: &'static str) -> Checkpoint {
        Checkpoint::new(self.pool.clone(), Arc::clone(&self.leases), saga)
    }
}

/// Why a step of a saga failed. It is taken again.
#[derive(Debug, thiserror::Error)]
pub enum SagaError {
    /// The log could not be read.
    #[error("the event log failed")]
    Log(#[from] LogError),
    /// Whose turn it is could not be seen.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The saga's tables could not be used.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A command could not be executed.
    #[error("a command failed")]
    Command(#[source] Box<dyn std::error::Error + Send + Sync>),
}

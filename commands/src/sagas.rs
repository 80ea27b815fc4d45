//! The sagas' runners: events in, commands and calls to WAHA out.
//!
//! What follows from an event is decided in `domain::sagas`; here it is carried out. Each saga's memory is a
//! fold of the log in its own tables, moved together with its checkpoint, so it survives any crash and can
//! be rebuilt. Invariant: no transaction is open during a call to WAHA.

mod checkpoint;
pub mod delivery;
mod follow;
mod lease;
pub mod sessions;
pub mod webhooks;

use domain::ports::event_log::LogError;

/// Why a step of a saga failed. It is taken again.
#[derive(Debug, thiserror::Error)]
pub enum SagaError {
    /// The log could not be read.
    #[error("the event log failed")]
    Log(#[from] LogError),
    /// The saga's tables could not be used.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A command could not be executed.
    #[error("a command failed")]
    Command(#[source] Box<dyn std::error::Error + Send + Sync>),
}

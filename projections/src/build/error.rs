//! Why a build came to nothing. The live view is as it was, whatever it is.

use crate::projector::ProjectorError;

/// Why a build came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Another process is at it.
    #[error(
        "{0} is being rebuilt or verified by another process: `heliograph projections list` shows how far it is"
    )]
    UnderWay(&'static str),
    /// The live tables are not those this version makes.
    #[error("the live tables of {name} are not as this version makes them:\n{}", lines.join("\n"))]
    OtherShape {
        /// Of which projection.
        name: &'static str,
        /// What is different.
        lines: Vec<String>,
    },
    /// The log cannot be read, or an event in it cannot be applied.
    #[error("the view cannot be built from the log; the live one is as it was")]
    Stopped(#[from] ProjectorError),
    /// Somebody would not let go of the live tables.
    #[error(
        "the live view was in use by a long transaction for {0} s on end and could not be replaced; it is as it was. \
         `select pid, query from pg_stat_activity order by xact_start` shows whose: end it, and rebuild again"
    )]
    InUse(u64),
    /// The build's schema is somebody else's now.
    #[error(
        "another process has begun anew with this build: this one was cut off from the database"
    )]
    Lost,
    /// Told to stop.
    #[error("stopped before it was done; the live view is as it was")]
    Interrupted,
    /// The task that reads the log panicked.
    #[error("reading the log ended in a panic, which is a defect of this version")]
    Panicked(#[from] tokio::task::JoinError),
    /// The database refused something.
    #[error("the view cannot be built in the database; the live one is as it was")]
    Database(#[from] sqlx::Error),
}

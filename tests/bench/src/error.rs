//! Why a part of the benchmarks could not be measured.

use std::path::PathBuf;

use commands::executor::CommandError;
use domain::message::Rejection;
use domain::ports::event_log::LogError;

/// Why a part could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("{0}")]
    Failed(String),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the database could not be migrated")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the log failed")]
    Log(#[from] LogError),
    #[error("a command failed")]
    Command(#[from] CommandError<Rejection>),
    #[error("the simulator does not start")]
    Simulator(#[from] waha_simulator::StartError),
    #[error("HTTP failed")]
    Http(#[from] hyper::Error),
    #[error("{path} failed", path = .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{program} could not be run")]
    Program { program: String, source: std::io::Error },
    #[error("the connection failed")]
    Connection(#[from] std::io::Error),
    #[error("not JSON")]
    Json(#[from] serde_json::Error),
    #[error("it broke off")]
    BrokenOff(#[from] tokio::task::JoinError),
}

impl BenchError {
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed(reason.into())
    }

    /// The error and its causes, in one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

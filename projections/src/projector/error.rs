//! Why a projection does not advance, told to operators in full and to others in short.

use std::sync::Arc;

use domain::ports::event_log::{LogError, RecordedEvent};
use domain::ports::leases::LeaseError;
use domain::stream::{Position, StreamName};
use sqlx::error::DatabaseError;

/// Why a projection does not advance.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// The log cannot be read.
    #[error("the event log cannot be read")]
    Log(#[from] LogError),
    /// Whose turn it is cannot be seen.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The view cannot be written.
    #[error("the read model cannot be written")]
    Database(#[from] sqlx::Error),
    /// The view cannot be written because of one event.
    #[error(
        "event {version} of stream {stream} at {position} (type {event_type}) cannot be applied"
    )]
    Event {
        /// In which stream.
        stream: StreamName,
        /// Where in the stream.
        version: u32,
        /// Where in the log.
        position: Position,
        /// Its stored name.
        event_type: &'static str,
        /// Why.
        source: sqlx::Error,
    },
}

impl ProjectorError {
    /// The view could not be written with these events: if there is but one, it is at fault.
    pub(crate) fn applying(events: &[Arc<RecordedEvent>], source: sqlx::Error) -> Self {
        match events {
            [event] if is_of_the_data(&source) => Self::Event {
                stream: event.stream,
                version: event.version.0,
                position: event.position,
                event_type: event.stored.event_type,
                source,
            },
            _ => Self::Database(source),
        }
    }

    /// Whether a single event may be at fault, rather than a server that is away.
    pub(crate) fn may_be_one_event(&self) -> bool {
        match self {
            Self::Log(error) => matches!(error, LogError::Unreadable { .. }),
            Self::Database(error) => is_of_the_data(error),
            Self::Event { .. } => true,
            Self::Lease(_) => false,
        }
    }

    /// The event at fault, where it is known: its stream and its place in the log.
    pub(crate) fn place(&self) -> Option<(String, Position)> {
        match self {
            Self::Log(LogError::Unreadable { stream, position, .. }) => {
                Some((stream.clone(), *position))
            }
            Self::Event { stream, position, .. } => Some((stream.to_string(), *position)),
            Self::Log(_) | Self::Lease(_) | Self::Database(_) => None,
        }
    }

    /// Which event and why, without a word of what the event says: health is shown to anybody.
    pub(crate) fn summary(&self) -> String {
        match self {
            Self::Log(error @ LogError::Unreadable { source, .. }) => format!("{error}: {source}"),
            Self::Log(error) => error.to_string(),
            Self::Lease(error) => error.to_string(),
            Self::Database(source) | Self::Event { source, .. } => {
                let code = source.as_database_error().and_then(DatabaseError::code);
                let code = code.map_or_else(String::new, |code| format!(": SQLSTATE {code}"));
                format!("{self}{code}")
            }
        }
    }
}

fn is_of_the_data(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(_) | sqlx::Error::Encode(_))
}

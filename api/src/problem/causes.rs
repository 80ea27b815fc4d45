//! Which failures of ours are a matter of time and which are not.

use std::error::Error;

use commands::executor::CommandError;
use domain::ports::event_log::LogError;
use projections::read_models::ReadError;

use super::{Code, Problem};

const DATABASE_AWAY: &str = "the database is not available; try again in a moment";
const EVENT_STORE_AWAY: &str = "the event store is not available; try again in a moment";

impl<R: Error + Into<Self> + 'static> From<CommandError<R>> for Problem {
    fn from(error: CommandError<R>) -> Self {
        match error {
            CommandError::Rejected(rejection) => rejection.into(),
            CommandError::Contended => contended(),
            CommandError::Log(error) => error.into(),
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(_) => {
                Self::unavailable(Code::SysServiceUnavailable, EVENT_STORE_AWAY).caused_by(error)
            }
            LogError::Conflict { .. } => contended(),
            LogError::Unreadable { .. } | LogError::Refused(_) => Self::internal(error),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if is_away(&error) {
            Self::unavailable(Code::SysServiceUnavailable, DATABASE_AWAY).caused_by(error)
        } else {
            Self::internal(error)
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooSlow(_) => {
                let message = "the query took too long; ask for less, or try again in a moment";
                Self::unavailable(Code::SysTimeout, message).caused_by(error)
            }
            ReadError::Unavailable(source) => source.into(),
        }
    }
}

fn contended() -> Problem {
    let message = "too many others are changing the same thing; try again in a moment";
    Problem::unavailable(Code::SysContended, message)
}

/// Whether the database, rather than the question, is at fault.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|state| is_away_state(&state)),
        _ => false,
    }
}

/// SQLSTATE classes of a server that is starting, stopping, out of connections or out of room, and the
/// cancellation of a statement that took too long.
fn is_away_state(state: &str) -> bool {
    ["08", "53", "57P", "57014", "40", "25006"].iter().any(|class| state.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_is_a_matter_of_time() {
        let problem = Problem::from(sqlx::Error::PoolTimedOut);
        assert_eq!(problem.code(), Code::SysServiceUnavailable);
        assert!(problem.causes().is_some());
    }

    #[test]
    fn a_row_that_does_not_fit_is_a_failure_of_ours() {
        assert_eq!(Problem::from(sqlx::Error::RowNotFound).code(), Code::SysInternalError);
    }

    #[test]
    fn states_of_a_server_that_is_away_are_known() {
        for state in ["08006", "53300", "57P01", "57P03", "40001"] {
            assert!(is_away_state(state), "{state}");
        }
        for state in ["22021", "23505", "42601"] {
            assert!(!is_away_state(state), "{state}");
        }
    }
}

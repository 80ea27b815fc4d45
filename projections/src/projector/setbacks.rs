//! How a lane bears failures: first it narrows the batch down to the event at fault, then it waits longer and
//! longer.

use std::time::Duration;

use super::{BATCH_MAX, ProjectorError};

/// The shortest wait.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest wait.
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The failures since the last success.
#[derive(Debug)]
pub(super) struct Setbacks {
    /// How many events to try next.
    pub(super) batch: u16,
    pauses: u32,
}

/// What to do about a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// Try at once with fewer events: those before the one at fault can still be applied.
    Narrow,
    /// Tell of it, and try again after this time.
    Pause(Duration),
}

impl Setbacks {
    pub(super) const NONE: Self = Self { batch: BATCH_MAX, pauses: 0 };

    /// Counts a failure in.
    pub(super) fn count(&mut self, error: &ProjectorError) -> Response {
        if self.batch > 1 && error.may_be_one_event() {
            self.batch /= 2;
            return Response::Narrow;
        }
        let pause = PAUSE_MIN.saturating_mul(1 << self.pauses.min(16)).min(PAUSE_MAX);
        self.pauses += 1;
        Response::Pause(pause)
    }
}

#[cfg(test)]
mod tests {
    use domain::ports::event_log::LogError;

    use super::*;

    #[test]
    fn an_event_at_fault_is_narrowed_down_before_anything_waits() {
        let mut setbacks = Setbacks::NONE;
        let error = ProjectorError::Database(sqlx::Error::Encode("too long".into()));
        let mut batches = vec![setbacks.batch];
        while setbacks.count(&error) == Response::Narrow {
            batches.push(setbacks.batch);
        }
        assert_eq!(batches, [1000, 500, 250, 125, 62, 31, 15, 7, 3, 1]);
    }

    #[test]
    fn waits_double_up_to_five_seconds_while_a_server_is_away() {
        let mut setbacks = Setbacks::NONE;
        let away = ProjectorError::Log(LogError::Unavailable("away".into()));
        let pauses: Vec<_> = (0..8).map(|_| setbacks.count(&away)).collect();
        let expected = [100, 200, 400, 800, 1600, 3200, 5000, 5000];
        assert_eq!(pauses, expected.map(|ms| Response::Pause(Duration::from_millis(ms))));
        assert_eq!(setbacks.batch, BATCH_MAX);
    }
}

//! How far a reader of the log has come.
//!
//! Most events are of no concern to most readers. To write a checkpoint for each of those would cost more than what
//! the readers are for, so they are passed over, and the checkpoint follows now and then.
//!
//! Invariant: between `written` and `seen` there is nothing that concerns the reader.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::stream::Position;

/// A checkpoint follows at least this often.
const WRITE_EVERY: Duration = Duration::from_millis(250);

/// What a reader has written down, and what it has seen since that was of no concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The checkpoint.
    pub written: Position,
    /// From where to read on.
    pub seen: Position,
    /// Events passed over since.
    pub passed: usize,
    since: Instant,
}

impl Place {
    /// At a checkpoint.
    pub const fn at(written: Position, now: Instant) -> Self {
        Self { written, seen: written, passed: 0, since: now }
    }

    /// After this many events of no concern, the last of them at `seen`.
    #[must_use]
    pub const fn past(self, seen: Position, events: usize) -> Self {
        Self { seen, passed: self.passed + events, ..self }
    }

    /// Whether the checkpoint is to follow, there being nothing else to do.
    pub fn is_behind(&self) -> bool {
        self.seen > self.written
    }

    /// Whether the checkpoint is to follow even if there is more to be read.
    pub fn is_late(&self, now: Instant) -> bool {
        self.is_behind() && now.duration_since(self.since) >= WRITE_EVERY
    }
}

/// The place a reader was at when it last passed something over.
#[derive(Debug, Default)]
pub struct LastPlace(Mutex<Option<Place>>);

impl LastPlace {
    /// Where the reader is, the checkpoint being `written`: what it has passed over counts only from the checkpoint
    /// it knows.
    pub fn or_at(&self, written: Position, now: Instant) -> Place {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|place| place.written == written).unwrap_or(Place::at(written, now))
    }

    /// Keeps a place.
    pub fn keep(&self, place: Place) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn position(first: u64) -> Position {
        Position { first, second: 0 }
    }

    #[test]
    fn what_is_of_no_concern_is_passed_and_the_checkpoint_follows() {
        let now = Instant::now();
        let place = Place::at(position(1), now);
        assert!(!place.is_behind());
        let place = place.past(position(5), 4).past(position(9), 3);
        assert_eq!((place.written, place.seen, place.passed), (position(1), position(9), 7));
        assert!(place.is_behind() && !place.is_late(now));
        assert!(place.is_late(now + WRITE_EVERY));
        assert!(!Place::at(position(1), now).is_late(now + WRITE_EVERY));
    }

    #[test]
    fn a_checkpoint_that_others_have_moved_is_where_to_go_on() {
        let now = Instant::now();
        let last = LastPlace::default();
        assert_eq!(last.or_at(position(1), now), Place::at(position(1), now));
        let place = Place::at(position(1), now).past(position(5), 4);
        last.keep(place);
        assert_eq!(last.or_at(position(1), now), place);
        assert_eq!(last.or_at(position(3), now), Place::at(position(3), now));
    }
}

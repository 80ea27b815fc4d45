//! The rules: streams and their revisions, positions in the whole log, and repeats that are recognised.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

/// Positions are places in a file: they grow by more than one.
const RECORD_BYTES: u64 = 128;
/// A hundred nanoseconds each.
const TICKS_PER_SECOND: u128 = 10_000_000;

/// An event to be appended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proposed {
    pub(crate) id: Uuid,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) custom_metadata: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

/// An event that was.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) stream: Arc<str>,
    pub(crate) revision: u64,
    /// Commit and prepare position are the same, as in the real server when no transaction spans requests.
    pub(crate) position: u64,
    pub(crate) event: Proposed,
}

/// What an append expects of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Any,
    Exists,
    NoStream,
    Revision(u64),
}

/// Where an append put its last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) revision: u64,
    pub(crate) position: u64,
}

/// The stream is not as expected, but here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongRevision(pub(crate) Option<u64>);

/// The log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) events: Vec<Arc<Recorded>>,
    streams: HashMap<Arc<str>, Vec<usize>>,
}

impl Log {
    /// The events of a stream; none if there is no such stream.
    pub(crate) fn stream(&self, name: &str) -> Option<Vec<Arc<Recorded>>> {
        let places = self.streams.get(name)?;
        Some(places.iter().map(|place| Arc::clone(&self.events[*place])).collect())
    }

    /// The index of the first event after a position.
    pub(crate) fn after(&self, position: u64) -> usize {
        self.events.partition_point(|event| event.position <= position)
    }

    pub(crate) fn last_position(&self) -> u64 {
        self.events.last().map_or(0, |event| event.position)
    }

    /// Appends all events or none. A repeat is answered as the first time was.
    pub(crate) fn append(
        &mut self,
        stream: &str,
        expected: Expected,
        events: Vec<Proposed>,
    ) -> Result<Written, WrongRevision> {
        let present = self.stream(stream).unwrap_or_default();
        let current = present.last().map(|last| last.revision);
        let wrong = Err(WrongRevision(current));
        // Behind which of the present events these belong; as many of those as there are may be a repeat.
        let base = match expected {
            Expected::NoStream => 0,
            Expected::Revision(revision) => usize::try_from(revision).unwrap_or(usize::MAX - 1) + 1,
            Expected::Exists if current.is_none() => return wrong,
            Expected::Exists | Expected::Any => {
                let first = events.first().map(|event| event.id);
                let same = present.iter().position(|present| Some(present.event.id) == first);
                same.unwrap_or(present.len())
            }
        };
        if base > present.len() {
            return wrong;
        }
        let is_repeat = |(new, old): (&Proposed, &Arc<Recorded>)| new.id == old.event.id;
        let behind = &present[base..];
        if behind.is_empty() {
            return Ok(self.write(stream, present.len(), events));
        }
        match behind.get(events.len().wrapping_sub(1)) {
            Some(last) if events.iter().zip(behind).all(is_repeat) => {
                Ok(Written { revision: last.revision, position: last.position })
            }
            _ => wrong,
        }
    }

    fn write(&mut self, stream: &str, count: usize, events: Vec<Proposed>) -> Written {
        let name = self.streams.get_key_value(stream).map(|(name, _)| Arc::clone(name));
        let name = name.unwrap_or_else(|| Arc::from(stream));
        let created = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let created = created * TICKS_PER_SECOND / 1_000_000_000;
        for (revision, mut event) in (count as u64..).zip(events) {
            event.metadata.insert("created".to_owned(), created.to_string());
            let position = self.last_position() + RECORD_BYTES + event.data.len() as u64;
            self.streams.entry(Arc::clone(&name)).or_default().push(self.events.len());
            let stream = Arc::clone(&name);
            self.events.push(Arc::new(Recorded { stream, revision, position, event }));
        }
        let revision = self.streams.get(&name).map_or(0, |places| places.len() as u64 - 1);
        Written { revision, position: self.last_position() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events<const N: usize>(ids: [u128; N]) -> Vec<Proposed> {
        let event = |id| Proposed {
            id: Uuid::from_u128(id),
            metadata: HashMap::new(),
            custom_metadata: Vec::new(),
            data: Vec::new(),
        };
        ids.map(event).into()
    }

    #[test]
    fn an_append_is_checked_against_the_revision_and_a_repeat_is_recognised() {
        let mut log = Log::default();
        let none = Err(WrongRevision(None));
        assert_eq!(log.append("s", Expected::Exists, events([1])), none);
        assert_eq!(log.append("s", Expected::Revision(0), events([1])), none);
        let first = log.append("s", Expected::NoStream, events([1, 2])).unwrap();
        let second = log.append("s", Expected::Revision(1), events([3])).unwrap();
        assert_eq!((first.revision, second.revision), (1, 2));
        assert!(first.position < second.position);
        for (expected, ids, written) in [
            (Expected::NoStream, events([1, 2]), first),
            (Expected::Any, events([1, 2]), first),
            (Expected::Revision(1), events([3]), second),
            (Expected::Any, events([3]), second),
        ] {
            assert_eq!(log.append("s", expected, ids), Ok(written), "{expected:?}");
        }
        for (expected, ids) in [
            (Expected::NoStream, events([4])),
            (Expected::NoStream, events([1, 4])),
            (Expected::Revision(1), events([3, 4])),
            (Expected::Revision(7), events([4])),
            (Expected::Any, events([3, 4])),
        ] {
            let result = log.append("s", expected, ids);
            assert_eq!(result, Err(WrongRevision(Some(2))), "{expected:?}");
        }
        assert_eq!(log.events.len(), 3);
    }
}

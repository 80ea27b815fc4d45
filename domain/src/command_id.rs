//! The name of a request that is carried out once, however often it is made.
//!
//! Everything the request makes is named after it: the ids of what comes into being, and the ids of the events. So whoever
//! carries it out a second time, here or in another process, finds by those names what has been done already.

use uuid::Uuid;

use crate::id::EventId;
use crate::stream::StreamName;

/// The name of a request that is carried out once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandId {
    id: Uuid,
    is_repeat: bool,
}

impl CommandId {
    /// Of a request that nobody has begun before; `id` is of version 7.
    pub const fn first(id: Uuid) -> Self {
        Self { id, is_repeat: false }
    }

    /// Of a request that somebody has begun before, and may have carried out.
    pub const fn again(id: Uuid) -> Self {
        Self { id, is_repeat: true }
    }

    /// The name itself.
    pub const fn id(self) -> Uuid {
        self.id
    }

    /// Whether some of it may have been done already.
    pub const fn is_repeat(self) -> bool {
        self.is_repeat
    }

    /// The id of something it makes. Sorts by when the request was first made, to the millisecond: time and version
    /// are those of the request's own id, the rest is derived.
    #[must_use]
    pub fn id_of(self, what: &str) -> Uuid {
        let (time, _) = self.id.as_u64_pair();
        let (_, derived) = Uuid::new_v5(&self.id, what.as_bytes()).as_u64_pair();
        Uuid::from_u64_pair(time, derived)
    }

    /// The id of an event it appends to a stream; `ordinal` counts them from 0.
    #[must_use]
    pub fn event_id(self, stream: StreamName, ordinal: usize) -> EventId {
        EventId(self.id_of(&format!("event\n{stream}\n{ordinal}")))
    }

    /// The name of one of several things that a request asks of one stream.
    #[must_use]
    pub fn part(self, name: &str) -> Self {
        Self { id: self.id_of(&format!("part\n{name}")), ..self }
    }
}

#[cfg(test)]
mod tests {
    use uuid::{Timestamp, Version};

    use super::*;
    use crate::id::TenantId;
    use crate::stream::Category;

    fn at(seconds: u64) -> CommandId {
        let time = Timestamp::from_unix_time(seconds, 0, 0, 0);
        CommandId::first(Uuid::new_v7(time))
    }

    #[test]
    fn what_a_request_makes_is_named_after_it_and_nothing_else() {
        let command = at(1_000);
        let again = CommandId::again(command.id());
        assert_eq!(command.id_of("message"), again.id_of("message"));
        assert_ne!(command.id_of("message"), command.id_of("session"));
        assert_ne!(command.id_of("message"), at(1_000).id_of("message"));
        assert_ne!(command.part("a").id_of("message"), command.id_of("message"));
    }

    #[test]
    fn ids_sort_by_when_the_request_was_made() {
        let ids = [1_000, 2_000, 3_000].map(|seconds| at(seconds).id_of("message"));
        assert!(ids.is_sorted(), "{ids:?}");
        assert_eq!(ids[0].get_version(), Some(Version::SortRand));
    }

    #[test]
    fn each_event_of_each_stream_has_a_name_of_its_own() {
        let command = at(1_000);
        let stream = |id| StreamName {
            category: Category::Message,
            tenant: TenantId::PLATFORM,
            id: Uuid::from_u128(id),
        };
        assert_eq!(command.event_id(stream(1), 0), command.event_id(stream(1), 0));
        assert_ne!(command.event_id(stream(1), 0), command.event_id(stream(1), 1));
        assert_ne!(command.event_id(stream(1), 0), command.event_id(stream(2), 0));
    }
}

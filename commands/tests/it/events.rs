//! Events to be appended, and streams to append them to.

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{EventId, TenantId};
use domain::message::event::{Event as MessageEvent, Moment};
use domain::ports::Ambient;
use domain::ports::event_log::{Actor, Metadata, NewEvent};
use domain::stream::{Category, ExpectedVersion, StreamName, Version};
use uuid::Uuid;

pub(crate) const TENANT: TenantId = TenantId(Uuid::from_u128(1));

/// Of a stream that must not exist yet.
pub(crate) const NOTHING: ExpectedVersion = ExpectedVersion::Exact(Version(0));

/// The clock and the ids of this machine.
pub(crate) struct Edge;

impl Ambient for Edge {
    #[expect(clippy::disallowed_methods, reason = "the tests are at the edge")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the tests are at the edge")]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn fraction(&self) -> f64 {
        0.5
    }
}

/// A stream nothing was ever appended to.
pub(crate) fn new_stream() -> StreamName {
    StreamName { category: Category::Message, tenant: TENANT, id: Edge.new_id() }
}

pub(crate) fn metadata() -> Metadata {
    Metadata::new(Actor::Operator, Edge.new_id())
}

pub(crate) fn new_event(event: impl Into<Event>) -> NewEvent {
    NewEvent { id: EventId(Edge.new_id()), event: event.into(), metadata: metadata() }
}

fn moment() -> Moment {
    Moment { at: DateTime::UNIX_EPOCH }
}

pub(crate) fn delivered() -> NewEvent {
    new_event(MessageEvent::Delivered(moment()))
}

pub(crate) fn read() -> NewEvent {
    new_event(MessageEvent::Read(moment()))
}

pub(crate) fn played() -> NewEvent {
    new_event(MessageEvent::Played(moment()))
}

pub(crate) fn ids(events: &[NewEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

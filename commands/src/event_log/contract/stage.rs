//! What a case stands on: a tenant of its own, logs that close by themselves, events, and a reader.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use chrono::DateTime;
use domain::causes;
use domain::event::Event;
use domain::id::{EventId, TenantId};
use domain::message::event::{Event as MessageEvent, Moment};
use domain::ports::Ambient;
use domain::ports::event_log::{
    Actor, Appended, EventLog, LogError, Metadata, NewEvent, RecordedEvent,
};
use domain::stream::{Category, ExpectedVersion, Position, StreamName, Version};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::store::{Store, Way};

/// What a reader asks for at a time.
const PAGE: u16 = 100;

/// Why a case did not pass.
#[derive(Debug)]
pub enum Failure {
    /// A promise is broken, or a call failed that should not.
    Broken(String),
    /// The case cannot be put to this store.
    Skipped(&'static str),
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::Broken(causes::in_one_line(&error))
    }
}

/// Fails the case unless something holds.
macro_rules! ensure {
    ($holds:expr, $($told:tt)+) => {
        if !$holds {
            return Err(crate::event_log::contract::stage::Failure::Broken(format!($($told)+)));
        }
    };
}
pub(super) use ensure;

/// Fails the case unless two things are the same.
pub(super) fn ensure_same<T: PartialEq + Debug>(
    what: &str,
    seen: &T,
    expected: &T,
) -> Result<(), Failure> {
    ensure!(seen == expected, "{what}: {seen:?} where {expected:?} was expected");
    Ok(())
}

/// Fails the case unless an append met a stream that was not as it expected.
pub(super) fn ensure_conflict(
    stream: StreamName,
    result: &Result<Appended, LogError>,
) -> Result<(), Failure> {
    let is_conflict =
        matches!(result, Err(LogError::Conflict { stream: named }) if *named == stream);
    ensure!(is_conflict, "no conflict, but {result:?}");
    Ok(())
}

/// What a case stands on.
pub(super) struct Stage {
    pub(super) store: Arc<dyn Store>,
    ambient: Arc<dyn Ambient>,
    pub(super) tenant: TenantId,
}

/// A log whose tasks end when it is dropped.
pub(super) struct OpenLog {
    log: Arc<dyn EventLog>,
    _shutdown: DropGuard,
}

impl Deref for OpenLog {
    type Target = dyn EventLog;

    fn deref(&self) -> &Self::Target {
        &*self.log
    }
}

impl Stage {
    pub(super) fn new(store: Arc<dyn Store>, ambient: Arc<dyn Ambient>) -> Self {
        let tenant = TenantId(ambient.new_id());
        Self { store, ambient, tenant }
    }

    /// Opens the log, as a process of its own would.
    pub(super) fn open(&self) -> Result<OpenLog, Failure> {
        self.open_by(Way::Direct)
    }

    pub(super) fn open_through(&self, relay: SocketAddr) -> Result<OpenLog, Failure> {
        self.open_by(Way::Through(relay))
    }

    pub(super) fn open_by(&self, way: Way) -> Result<OpenLog, Failure> {
        let shutdown = CancellationToken::new();
        let log = self.store.open(way, &TaskTracker::new(), &shutdown)?;
        Ok(OpenLog { log, _shutdown: shutdown.drop_guard() })
    }

    /// A stream nothing was ever appended to.
    pub(super) fn stream(&self) -> StreamName {
        self.stream_of(Category::Message)
    }

    pub(super) fn stream_of(&self, category: Category) -> StreamName {
        StreamName { category, tenant: self.tenant, id: self.ambient.new_id() }
    }

    pub(super) fn event(&self) -> NewEvent {
        self.event_of(MessageEvent::Delivered(Moment { at: DateTime::UNIX_EPOCH }))
    }

    pub(super) fn events(&self, count: usize) -> Vec<NewEvent> {
        (0..count).map(|_| self.event()).collect()
    }

    pub(super) fn event_of(&self, event: impl Into<Event>) -> NewEvent {
        let metadata = Metadata::new(Actor::Operator, self.ambient.new_id());
        NewEvent { id: EventId(self.ambient.new_id()), event: event.into(), metadata }
    }

    /// Where the log ends now: what the case appends comes after it.
    pub(super) async fn end(&self, log: &dyn EventLog) -> Result<Position, Failure> {
        Ok(log.append(self.stream(), ExpectedVersion::Any, self.events(1)).await?.position)
    }

    /// The case's own events after a position, read as a subscriber reads them, until there are `count`.
    pub(super) async fn tail(
        &self,
        log: &dyn EventLog,
        after: Position,
        count: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        let mut seen = Vec::new();
        let mut after = after;
        while seen.len() < count {
            let news = log.read_all(after, PAGE).await?;
            match news.last() {
                Some(last) => after = last.position,
                None => log.wait(after).await,
            }
            seen.extend(news.into_iter().filter(|event| event.stream.tenant == self.tenant));
        }
        Ok(seen)
    }
}

/// Appends to a stream that holds `version` events.
pub(super) async fn append_at(
    log: &dyn EventLog,
    stream: StreamName,
    version: u32,
    events: &[NewEvent],
) -> Result<Appended, LogError> {
    log.append(stream, ExpectedVersion::Exact(Version(version)), events.to_vec()).await
}

/// Appends to a stream as it is.
pub(super) async fn append_any(
    log: &dyn EventLog,
    stream: StreamName,
    events: &[NewEvent],
) -> Result<Appended, LogError> {
    log.append(stream, ExpectedVersion::Any, events.to_vec()).await
}

pub(super) fn ids(events: &[NewEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

pub(super) fn recorded_ids(events: &[Arc<RecordedEvent>]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// The ids of a stream's events, oldest first.
pub(super) async fn ids_of(
    log: &dyn EventLog,
    stream: StreamName,
) -> Result<Vec<EventId>, LogError> {
    Ok(recorded_ids(&log.read_stream(stream).await?))
}

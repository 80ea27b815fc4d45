use std::sync::atomic::{AtomicUsize, Ordering};

use domain::event::Event;
use domain::id::{EventId, TenantId};
use domain::ports::event_log::{Actor, Metadata, StoredForm};
use domain::session::event::Event as SessionEvent;
use domain::stream::Category;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// A log of `length` events at the positions 1, 2, …, that counts how often it is read.
struct Counted {
    length: AtomicUsize,
    reads: AtomicUsize,
}

fn counted(length: usize) -> (Arc<Counted>, Arc<SharedReads>) {
    let log = Arc::new(Counted { length: length.into(), reads: 0.into() });
    (Arc::clone(&log), SharedReads::new(log))
}

const fn at(number: u64) -> Position {
    Position { first: number, second: 0 }
}

fn event(number: u64) -> Arc<RecordedEvent> {
    let (tenant, id) = (TenantId(Uuid::nil()), Uuid::nil());
    let moment = domain::session::event::Deleted { at: chrono::DateTime::UNIX_EPOCH };
    Arc::new(RecordedEvent {
        position: at(number),
        stream: StreamName { category: Category::Session, tenant, id },
        version: Version(1),
        id: EventId(Uuid::from_u128(number.into())),
        event: Event::Session(SessionEvent::Deleted(moment)),
        stored: StoredForm { event_type: "", schema_version: 1, data: String::new() },
        metadata: Metadata::new(Actor::Operator, Uuid::nil()),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    })
}

#[async_trait]
impl EventLog for Counted {
    async fn append(
        &self,
        stream: StreamName,
        _: ExpectedVersion,
        _: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        Err(LogError::Conflict { stream })
    }

    async fn read_stream(&self, _: StreamName) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        Ok(vec![])
    }

    async fn version(&self, _: StreamName) -> Result<Version, LogError> {
        Ok(Version(0))
    }

    async fn read_all(
        &self,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        // Whoever reads at the same time gets the chance to.
        tokio::task::yield_now().await;
        let length = u64::try_from(self.length.load(Ordering::Relaxed)).unwrap();
        Ok((after.first + 1..=length).take(limit.into()).map(event).collect())
    }

    async fn wait(&self, _: Position) {}

    async fn probe(&self) -> Result<String, LogError> {
        Ok(String::new())
    }
}

/// What a reader sees from a position to the end.
async fn follow(log: &SharedReads, from: u64, limit: u16) -> Vec<u64> {
    let (mut after, mut seen) = (at(from), vec![]);
    loop {
        let events = log.read_all(after, limit).await.unwrap();
        let Some(last) = events.last() else { return seen };
        after = last.position;
        seen.extend(events.iter().map(|event| event.position.first));
    }
}

#[tokio::test]
async fn readers_at_the_same_place_share_each_read() {
    let (log, shared) = counted(2000);
    let readers = (0..9).map(|_| follow(&shared, 0, 1000));
    for seen in futures::future::join_all(readers).await {
        assert_eq!(seen, (1..=2000).collect::<Vec<_>>());
    }
    // Two pages; and that there is nothing more, each finds out by itself.
    assert_eq!(log.reads.load(Ordering::Relaxed), 2 + 9);
}

#[tokio::test]
async fn what_is_appended_later_is_seen_by_all() {
    let (log, shared) = counted(10);
    assert_eq!(follow(&shared, 0, 1000).await.len(), 10);
    log.length.store(15, Ordering::Relaxed);
    for from in [0, 5, 10, 12] {
        assert_eq!(follow(&shared, from, 1000).await, (from + 1..=15).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn who_takes_one_event_at_a_time_is_shown_what_the_log_holds_now() {
    let (log, shared) = counted(10);
    follow(&shared, 0, 1000).await;
    let before = log.reads.load(Ordering::Relaxed);
    assert_eq!(shared.read_all(at(4), 1).await.unwrap()[0].position, at(5));
    assert_eq!(log.reads.load(Ordering::Relaxed), before + 1);
}

#[tokio::test]
async fn no_more_is_remembered_than_allowed() {
    let (_, shared) = counted(3 * EVENTS_MAX);
    follow(&shared, 0, 1000).await;
    let recent = shared.recent();
    assert_eq!(recent.events.len(), EVENTS_MAX);
    assert_eq!(recent.bytes, EVENTS_MAX * bytes(&event(1)));
    assert_eq!(recent.after.first + 1, recent.events[0].position.first);
}

proptest! {
    #[test]
    fn wherever_readers_begin_and_however_they_read_nothing_is_missed_or_seen_twice(
        readers in prop::collection::vec((0_u64..20_000, 1_u16..3000), 1..6)
    ) {
        let (_, shared) = counted(20_000);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let all = runtime.block_on(futures::future::join_all(
            readers.iter().map(|(from, limit)| follow(&shared, *from, *limit)),
        ));
        for ((from, _), seen) in readers.iter().zip(all) {
            prop_assert_eq!(seen, (from + 1..=20_000).collect::<Vec<_>>());
        }
    }
}

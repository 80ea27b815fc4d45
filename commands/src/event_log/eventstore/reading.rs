//! Reading a stream, and the whole log.
//!
//! The crate reads `$all` unfiltered only: on a server that is full of others' events every page would be
//! theirs. A subscription is filtered by the server, so a page is a subscription that is left when it is full,
//! or when the server says that it has caught up. Which stretches of the log hold nothing of ours is
//! remembered, lest an idle reader have them searched again and again.

use std::sync::{Arc, Mutex, PoisonError};

use domain::ports::event_log::{LogError, RecordedEvent};
use domain::stream::{Position, StreamName, Version};
use eventstore::{
    Client, Error, ReadStreamOptions, StreamPosition, SubscribeToAllOptions, SubscriptionEvent,
};

use super::address::Address;
use super::connection::{Connection, Options, answer, unavailable};
use super::record;

/// A read ends early beyond this many bytes: a thousand large webhooks would not fit in memory.
const READ_BYTES_MAX: usize = 16 << 20;

/// A stretch of the log that holds nothing of ours: after `from`, up to and with `to`. The log is only ever
/// appended to, so what was true once stays true.
#[derive(Default)]
pub(super) struct Quiet(Mutex<(Position, Position)>);

impl Quiet {
    /// From where a reader at `after` may as well read.
    fn skip(&self, after: Position) -> Position {
        let (from, to) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if (from..to).contains(&after) { to } else { after }
    }

    fn note(&self, from: Position, to: Position) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if to > known.1 {
            *known = (from, to);
        }
    }
}

/// The events of a stream as the server has them; none if there is no such stream.
pub(super) async fn events_of(
    connection: &Connection,
    stream: StreamName,
) -> Result<Vec<eventstore::RecordedEvent>, Error> {
    let address = &connection.address;
    let options = ReadStreamOptions::default().of(address);
    let read = connection.perform(async |client| {
        let mut stream = answer(client.read_stream(address.streams.name(stream), &options)).await?;
        let mut events = Vec::new();
        while let Some(event) = answer(stream.next()).await? {
            events.extend(event.event);
        }
        Ok(events)
    });
    match read.await {
        Err(Error::ResourceNotFound) => Ok(Vec::new()),
        result => result,
    }
}

pub(super) async fn read_stream(
    connection: &Connection,
    stream: StreamName,
) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
    let events = events_of(connection, stream).await.map_err(unavailable)?;
    let events = events.into_iter().zip(1..).map(|(event, version)| {
        let event = record::recorded(stream, &event)?;
        if event.version == Version(version) { Ok(Arc::new(event)) } else { Err(torn(&event)) }
    });
    events.collect()
}

/// How many events a stream holds now: the last one's number.
pub(super) async fn version(
    connection: &Connection,
    stream: StreamName,
) -> Result<Version, LogError> {
    let address = &connection.address;
    let options = ReadStreamOptions::default()
        .position(StreamPosition::End)
        .backwards()
        .max_count(1)
        .of(address);
    let read = connection.perform(async |client| {
        let mut stream = answer(client.read_stream(address.streams.name(stream), &options)).await?;
        Ok(answer(stream.next()).await?.and_then(|newest| newest.event))
    });
    match read.await {
        Ok(newest) => Ok(newest.map_or(Version(0), |newest| record::version(newest.revision))),
        Err(Error::ResourceNotFound) => Ok(Version(0)),
        Err(error) => Err(unavailable(error)),
    }
}

/// Decisions are not taken on half a history: somebody truncated the stream behind our back.
fn torn(first: &RecordedEvent) -> LogError {
    LogError::Unreadable {
        stream: first.stream.to_string(),
        version: first.version,
        position: first.position,
        event_type: first.stored.event_type.to_owned(),
        source: "the events before it are missing: the stream was truncated".into(),
    }
}

pub(super) async fn read_all(
    connection: &Connection,
    quiet: &Quiet,
    after: Position,
    limit: u16,
) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
    let from = quiet.skip(after);
    let address = &connection.address;
    let read = connection.perform(async |client| page(&client, address, from, limit).await);
    let page = read.await.map_err(unavailable)?;
    let last = page.events.last().map_or(after, |(_, event)| record::position(event.position));
    quiet.note(last, page.searched_to);
    let recorded = |(stream, event)| record::recorded(stream, &event).map(Arc::new);
    page.events.into_iter().map(recorded).collect()
}

/// What a subscription brought before it was left.
struct Page {
    events: Vec<(StreamName, eventstore::RecordedEvent)>,
    /// Everything of ours up to here is in `events`, or was before them.
    searched_to: Position,
}

async fn page(
    client: &Client,
    address: &Address,
    from: Position,
    limit: u16,
) -> Result<Page, Error> {
    let options = SubscribeToAllOptions::default()
        .position(start(from))
        .filter(address.streams.filter())
        .of(address);
    let mut subscription = client.subscribe_to_all(&options).await;
    let mut page = Page { events: Vec::new(), searched_to: from };
    let mut bytes = 0;
    while page.events.len() < usize::from(limit) && bytes < READ_BYTES_MAX {
        match answer(subscription.next_subscription_event()).await {
            Ok(SubscriptionEvent::EventAppeared(resolved)) => {
                let Some(event) = resolved.event else { continue };
                page.searched_to = record::position(event.position);
                if let Some(stream) = address.streams.parse(&event.stream_id) {
                    bytes += event.data.len() + event.custom_metadata.len();
                    page.events.push((stream, event));
                }
            }
            Ok(SubscriptionEvent::Checkpoint(position)) => {
                page.searched_to = record::position(position);
            }
            Ok(SubscriptionEvent::CaughtUp) => break,
            Ok(_) => {}
            // What has come is in order and complete up to here.
            Err(_) if !page.events.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}

/// After a position; a subscription, unlike a read, does not begin with the event that is there.
pub(super) fn start(after: Position) -> StreamPosition<eventstore::Position> {
    if after == Position::START {
        return StreamPosition::Start;
    }
    StreamPosition::Position(eventstore::Position { commit: after.first, prepare: after.second })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(first: u64) -> Position {
        Position { first, second: first }
    }

    #[test]
    fn a_reader_in_a_quiet_stretch_goes_on_at_its_end_and_others_do_not() {
        let quiet = Quiet::default();
        assert_eq!(quiet.skip(at(0)), at(0));
        quiet.note(at(10), at(50));
        for (after, from) in [(9, 9), (10, 50), (30, 50), (50, 50), (51, 51)] {
            assert_eq!(quiet.skip(at(after)), at(from));
        }
    }

    #[test]
    fn of_several_quiet_stretches_the_one_nearest_to_the_end_is_remembered() {
        let quiet = Quiet::default();
        quiet.note(at(10), at(50));
        quiet.note(at(5), at(8));
        assert_eq!((quiet.skip(at(5)), quiet.skip(at(20))), (at(5), at(50)));
        quiet.note(at(60), at(90));
        assert_eq!(quiet.skip(at(70)), at(90));
    }
}

//! Appending, so that it can be repeated.
//!
//! The server recognises a repeat that expects the version the first try expected, and answers as it did
//! then. Where it does not, it says that the version is another; whether that is because our own events are
//! there is then looked up in the stream.

use domain::id::EventId;
use domain::ports::event_log::{Appended, LogError, NewEvent};
use domain::stream::{ExpectedVersion, Position, StreamName, Version};
use eventstore::{AppendToStreamOptions, Error, ExpectedRevision, WriteResult};

use super::connection::{Connection, Options, answer, is_refusal, unavailable};
use super::reading;
use super::record;

pub(super) async fn append(
    connection: &Connection,
    stream: StreamName,
    expected: ExpectedVersion,
    events: &[NewEvent],
) -> Result<Appended, LogError> {
    if events.is_empty() {
        return Err(LogError::Refused("an append needs at least one event".into()));
    }
    match expected {
        ExpectedVersion::Exact(version) => append_at(connection, stream, version, events).await,
        ExpectedVersion::Any => append_to_any(connection, stream, events).await,
    }
}

async fn append_at(
    connection: &Connection,
    stream: StreamName,
    version: Version,
    events: &[NewEvent],
) -> Result<Appended, LogError> {
    let address = &connection.address;
    let options = AppendToStreamOptions::default().expected_revision(revision(version)).of(address);
    let data: Vec<_> =
        events.iter().map(|event| record::encode(stream, event)).collect::<Result<_, _>>()?;
    let appended = connection.perform(async |client| {
        let name = address.streams.name(stream);
        answer(client.append_to_stream(name, &options, data.clone())).await
    });
    match appended.await {
        Ok(WriteResult { next_expected_version, position }) => {
            let appended = Appended {
                version: record::version(next_expected_version),
                position: record::position(position),
            };
            if appended.position > Position::START {
                return Ok(appended);
            }
            // A server may recognise a repeat without knowing any more where its events are.
            whole_or_conflict(stream, &overlap(connection, stream, events).await?)
        }
        Err(Error::WrongExpectedVersion { .. }) => {
            whole_or_conflict(stream, &overlap(connection, stream, events).await?)
        }
        Err(error) if is_refusal(&error) => Err(refused(&error)),
        Err(error) => Err(unavailable(error)),
    }
}

/// Appends at whatever version the stream is, which is read first: only what is appended at a version can be
/// repeated without being appended twice. Whoever finds the stream moved looks again; somebody else's append
/// succeeded then, so all of them come to an end.
async fn append_to_any(
    connection: &Connection,
    stream: StreamName,
    events: &[NewEvent],
) -> Result<Appended, LogError> {
    loop {
        let version = match overlap(connection, stream, events).await? {
            Overlap::None { version } => version,
            found => return whole_or_conflict(stream, &found),
        };
        match append_at(connection, stream, version, events).await {
            Err(LogError::Conflict { .. }) => {}
            result => return result,
        }
    }
}

/// How many of the events are in the stream already.
enum Overlap {
    /// All, the last of them here.
    Whole(Appended),
    /// Some: ids were used again.
    Partial,
    /// None, and the stream is at this version.
    None { version: Version },
}

async fn overlap(
    connection: &Connection,
    stream: StreamName,
    events: &[NewEvent],
) -> Result<Overlap, LogError> {
    let is_ours = |id: EventId| events.iter().any(|event| event.id == id);
    let present = reading::events_of(connection, stream).await.map_err(unavailable)?;
    let version = present.last().map_or(Version(0), |last| record::version(last.revision));
    let ours: Vec<_> = present.iter().filter(|event| is_ours(EventId(event.id))).collect();
    Ok(match ours.last() {
        Some(last) if ours.len() == events.len() => Overlap::Whole(Appended {
            version: record::version(last.revision),
            position: record::position(last.position),
        }),
        Some(_) => Overlap::Partial,
        None => Overlap::None { version },
    })
}

fn whole_or_conflict(stream: StreamName, overlap: &Overlap) -> Result<Appended, LogError> {
    match overlap {
        Overlap::Whole(appended) => Ok(*appended),
        Overlap::Partial | Overlap::None { .. } => Err(LogError::Conflict { stream }),
    }
}

fn revision(version: Version) -> ExpectedRevision {
    match version.0.checked_sub(1) {
        None => ExpectedRevision::NoStream,
        Some(revision) => ExpectedRevision::Exact(u64::from(revision)),
    }
}

fn refused(error: &Error) -> LogError {
    let text = format!(
        "{error} An append may hold 1 MiB, unless the server's MaxAppendSize says otherwise."
    );
    LogError::Refused(text.into())
}

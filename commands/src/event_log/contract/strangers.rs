//! What is not ours is passed over; what is ours and unknown is not (E2).

use std::time::Duration;

use domain::ports::event_log::{EventLog, LogError};
use domain::stream::{Position, Version};

use super::stage::{Failure, Stage, append_at, ensure, ensure_same, ids, recorded_ids};

/// Events of others: several of any server's pages.
const FOREIGN: usize = 2_500;
const STEP: Duration = Duration::from_millis(20);
const UNKNOWN: &str = "message_teleported";

pub(super) async fn what_others_keep_on_the_same_server_is_passed_over(
    stage: &Stage,
) -> Result<(), Failure> {
    let log = stage.open()?;
    let start = stage.end(&*log).await?;
    let events = stage.events(3);
    for event in &events {
        stage.store.append_foreign(stage.stream(), FOREIGN).await?;
        append_at(&*log, stage.stream(), 0, std::slice::from_ref(event)).await?;
    }
    stage.store.append_foreign(stage.stream(), FOREIGN).await?;
    // One at a time: "nothing more" is true only at the end, however much of others lies between.
    let (mut after, mut seen) = (start, Vec::new());
    while let Some(event) = log.read_all(after, 1).await?.pop() {
        after = event.position;
        if event.stream.tenant == stage.tenant {
            seen.push(event);
        }
    }
    ensure_same("what was seen", &recorded_ids(&seen), &ids(&events))?;
    // A reader that has seen all there is still learns of what comes.
    let last = stage.events(1);
    append_at(&*log, stage.stream(), 0, &last).await?;
    let news = stage.tail(&*log, after, 1).await?;
    ensure_same("the news", &recorded_ids(&news), &ids(&last))
}

/// What stops a reader at a position; events may take a moment to be shown.
async fn what_stops(log: &dyn EventLog, after: Position) -> Result<LogError, Failure> {
    loop {
        match log.read_all(after, 10).await {
            Err(error) => return Ok(error),
            Ok(events) => ensure!(events.is_empty(), "it was passed over: {events:?}"),
        }
        tokio::time::sleep(STEP).await;
    }
}

pub(super) async fn an_event_of_an_unknown_type_stops_its_readers_and_is_named(
    stage: &Stage,
) -> Result<(), Failure> {
    let (log, stream) = (stage.open()?, stage.stream());
    let start = stage.end(&*log).await?;
    let first = append_at(&*log, stream, 0, &stage.events(1)).await?;
    stage.tail(&*log, start, 1).await?;
    stage.store.append_unknown(stream, UNKNOWN).await?;
    let stopped = what_stops(&*log, first.position).await?;
    let LogError::Unreadable { stream: named, version, position, event_type, .. } = stopped else {
        return Err(stopped.into());
    };
    let seen = (named, version, event_type);
    ensure_same("what is named", &seen, &(stream.to_string(), Version(2), UNKNOWN.to_owned()))?;
    ensure!(position > first.position, "{position} is not after {}", first.position);
    let read = log.read_stream(stream).await;
    ensure!(matches!(read, Err(LogError::Unreadable { .. })), "the stream can be read: {read:?}");
    // Nor does it hide behind what can be read.
    append_at(&*log, stage.stream(), 0, &stage.events(1)).await?;
    let stopped = what_stops(&*log, first.position).await?;
    ensure!(matches!(stopped, LogError::Unreadable { .. }), "another thing stops it: {stopped}");
    Ok(())
}

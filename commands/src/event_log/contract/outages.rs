//! Lines break and servers go away: an append is carried out once, and everybody recovers by himself (E1, E7).

use std::sync::Arc;
use std::time::Duration;

use domain::causes;
use domain::ports::event_log::{EventLog, LogError, RecordedEvent};
use domain::stream::{ExpectedVersion, Version};

use super::relay::{Breaks, MARK, Relay};
use super::stage::{Failure, Stage, append_at, ensure, ensure_same, ids, ids_of, recorded_ids};
use super::store::Way;

/// How long to wait before a server is asked again whether it is back.
const STEP: Duration = Duration::from_millis(20);

async fn relay(stage: &Stage) -> Result<Relay, Failure> {
    let relay = Relay::before(stage.store.server()?).await;
    relay.map_err(|error| Failure::Broken(format!("no relay can be made: {error}")))
}

pub(super) async fn an_append_whose_line_breaks_is_carried_out_once(
    stage: &Stage,
) -> Result<(), Failure> {
    for breaks in [Breaks::Asked, Breaks::Answered] {
        for expected in [ExpectedVersion::Exact(Version(1)), ExpectedVersion::Any] {
            let relay = relay(stage).await?;
            let log = stage.open_through(relay.address)?;
            let (stream, first, mut marked) = (stage.stream(), stage.events(1), stage.events(2));
            append_at(&*log, stream, 0, &first).await?;
            marked[0].metadata.request_id = Some(MARK.to_owned());
            relay.break_at_mark(breaks);
            let appended = log.append(stream, expected, marked.clone()).await?;
            ensure!(relay.has_broken(), "the line did not break");
            ensure_same("the version", &appended.version, &Version(3))?;
            let all = [ids(&first), ids(&marked)].concat();
            ensure_same("the stream", &ids_of(&*log, stream).await?, &all)?;
        }
    }
    Ok(())
}

fn ensure_unavailable<T: std::fmt::Debug>(
    what: &str,
    result: &Result<T, LogError>,
) -> Result<(), Failure> {
    let is_unavailable = matches!(result, Err(LogError::Unavailable(_)));
    ensure!(is_unavailable, "{what} should fail as unavailable, but: {result:?}");
    Ok(())
}

/// Waits until the server answers again.
async fn is_back(log: &dyn EventLog) {
    while log.probe().await.is_err() {
        tokio::time::sleep(STEP).await;
    }
}

pub(super) async fn while_the_server_is_away_calls_fail_and_then_they_succeed(
    stage: &Stage,
) -> Result<(), Failure> {
    let relay = relay(stage).await?;
    let log = stage.open_through(relay.address)?;
    let (stream, events) = (stage.stream(), stage.events(2));
    let appended = append_at(&*log, stream, 0, &events[..1]).await?;
    relay.cut();
    ensure_unavailable("an append", &append_at(&*log, stream, 1, &events[1..]).await)?;
    ensure_unavailable("a read", &log.read_stream(stream).await)?;
    ensure_unavailable("a read of the log", &log.read_all(appended.position, 1).await)?;
    ensure_unavailable("a probe", &log.probe().await)?;
    relay.restore();
    is_back(&*log).await;
    append_at(&*log, stream, 1, &events[1..]).await?;
    ensure_same("the stream", &ids_of(&*log, stream).await?, &ids(&events))
}

pub(super) async fn a_reader_goes_on_where_it_was_when_its_line_broke(
    stage: &Stage,
) -> Result<(), Failure> {
    let relay = relay(stage).await?;
    let (writer, reader) = (stage.open()?, stage.open_through(relay.address)?);
    let (start, events) = (stage.end(&*writer).await?, stage.events(30));
    let mut seen: Vec<Arc<RecordedEvent>> = Vec::new();
    for part in events.chunks(10) {
        let after = seen.last().map_or(start, |last| last.position);
        for event in part {
            append_at(&*writer, stage.stream(), 0, std::slice::from_ref(event)).await?;
        }
        is_back(&*reader).await;
        seen.extend(stage.tail(&*reader, after, part.len()).await?);
        relay.cut();
        relay.restore();
    }
    ensure_same("what was seen", &recorded_ids(&seen), &ids(&events))
}

pub(super) async fn a_wrong_password_is_told(stage: &Stage) -> Result<(), Failure> {
    let log = stage.open_by(Way::AsNobody)?;
    if log.probe().await.is_ok() {
        return Err(Failure::Skipped("the server takes any password"));
    }
    let stream = stage.stream();
    ensure_unavailable("an append", &append_at(&*log, stream, 0, &stage.events(1)).await)?;
    ensure_unavailable("a read", &log.read_stream(stream).await)?;
    let Err(error) = log.probe().await else { return Ok(()) };
    let told = causes::in_one_line(&error).to_lowercase();
    let is_told = ["password", "denies", "authentication"].iter().any(|word| told.contains(word));
    ensure!(is_told, "what is wrong is not told: {told}");
    Ok(())
}

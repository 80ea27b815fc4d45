//! What was written reads back, large or long (E2).

use chrono::DateTime;
use domain::id::EventId;
use domain::message::event::{Event as MessageEvent, Moment};
use domain::origin::Origin;
use domain::ports::event_log::{Actor, Metadata};
use domain::stream::{Category, Version};
use domain::webhook;

use super::stage::{Failure, Stage, append_at, ensure, ensure_same, ids, recorded_ids};

/// Of a large event; EventStoreDB takes a mebibyte unless told otherwise.
const LARGE_BYTES: usize = 700 << 10;
/// Of a long stream: several of any server's pages.
const LONG: usize = 3_000;
/// Of one append to it.
const PORTION: usize = 500;

pub(super) async fn a_stream_reads_back_as_it_was_written(stage: &Stage) -> Result<(), Failure> {
    let (log, stream) = (stage.open()?, stage.stream());
    let moment = Moment { at: DateTime::UNIX_EPOCH };
    let mut events =
        [MessageEvent::Delivered(moment), MessageEvent::Read(moment), MessageEvent::Played(moment)]
            .map(|event| stage.event_of(event));
    events[1].metadata = Metadata {
        causation_id: Some(EventId(stream.id)),
        request_id: Some("a \"request\" with ünicode".to_owned()),
        origin: Some(Origin::new(Some([192, 0, 2, 7].into()), Some("curl/8"))),
        ..Metadata::new(Actor::DeliverySaga, stream.id)
    };
    append_at(&*log, stream, 0, &events[..2]).await?;
    append_at(&*log, stage.stream(), 0, &stage.events(1)).await?;
    append_at(&*log, stream, 2, &events[2..]).await?;
    let recorded = log.read_stream(stream).await?;
    ensure_same("the stream", &recorded_ids(&recorded), &ids(&events))?;
    for (new, recorded) in events.iter().zip(&recorded) {
        ensure_same("the stream's name", &recorded.stream, &stream)?;
        ensure_same("the event", &recorded.event, &new.event)?;
        ensure_same("the metadata", &recorded.metadata, &new.metadata)?;
        ensure_same("the schema version", &recorded.stored.schema_version, &1)?;
        ensure!(recorded.recorded_at > DateTime::UNIX_EPOCH, "it has no time: {recorded:?}");
    }
    ensure_same("another stream", &log.read_stream(stage.stream()).await?, &vec![])
}

pub(super) async fn a_stream_tells_how_many_events_it_holds_as_soon_as_they_are_appended(
    stage: &Stage,
) -> Result<(), Failure> {
    let (log, other) = (stage.open()?, stage.open()?);
    let (stream, events) = (stage.stream(), stage.events(6));
    ensure_same("of a stream that is not there", &log.version(stream).await?, &Version(0))?;
    for (portion, version) in events.chunks(2).zip((0..).step_by(2)) {
        append_at(&*log, stream, version, portion).await?;
        for log in [&log, &other] {
            ensure_same("the version", &log.version(stream).await?, &Version(version + 2))?;
        }
    }
    let asked = [stream, stage.stream(), stream].map(|stream| log.version(stream));
    let told = futures::future::try_join_all(asked).await?;
    ensure_same("asked for at once", &told, &vec![Version(6), Version(0), Version(6)])
}

pub(super) async fn a_large_event_reads_back_whole(stage: &Stage) -> Result<(), Failure> {
    let (log, stream) = (stage.open()?, stage.stream_of(Category::Webhook));
    // What does not compress well and has to be escaped.
    let body: String = ('\u{1}'..='\u{2fff}').cycle().take(LARGE_BYTES / 4).collect();
    let received = webhook::Received {
        waha_session: "contract".to_owned(),
        session_id: None,
        event: "message".to_owned(),
        event_id: stream.id.to_string(),
        fingerprint: String::new(),
        body,
        at: DateTime::UNIX_EPOCH,
    };
    let event = stage.event_of(webhook::Event::Received(Box::new(received)));
    let start = stage.end(&*log).await?;
    append_at(&*log, stream, 0, std::slice::from_ref(&event)).await?;
    let from_stream = log.read_stream(stream).await?;
    let from_log = stage.tail(&*log, start, 1).await?;
    ensure!(from_stream == from_log, "the stream and the log differ");
    ensure!(from_log[0].event == event.event, "it is not what was written");
    Ok(())
}

pub(super) async fn a_long_stream_reads_back_whole_and_in_order(
    stage: &Stage,
) -> Result<(), Failure> {
    let (log, stream, events) = (stage.open()?, stage.stream(), stage.events(LONG));
    let start = stage.end(&*log).await?;
    for (portion, version) in events.chunks(PORTION).zip((0..).step_by(PORTION)) {
        append_at(&*log, stream, version, portion).await?;
    }
    let recorded = log.read_stream(stream).await?;
    ensure!(recorded_ids(&recorded) == ids(&events), "the stream is not what was written");
    ensure!(recorded.is_sorted_by(|a, b| a.position < b.position), "it is not in the log's order");
    let tailed = stage.tail(&*log, start, LONG).await?;
    ensure!(tailed == recorded, "the log is read otherwise than the stream");
    Ok(())
}

pub(super) async fn the_whole_log_is_read_page_by_page_in_one_order(
    stage: &Stage,
) -> Result<(), Failure> {
    let (log, events) = (stage.open()?, stage.events(25));
    let start = stage.end(&*log).await?;
    for event in &events {
        append_at(&*log, stage.stream(), 0, std::slice::from_ref(event)).await?;
    }
    let all = stage.tail(&*log, start, events.len()).await?;
    ensure_same("the order", &recorded_ids(&all), &ids(&events))?;
    let (mut after, mut seen) = (start, Vec::new());
    loop {
        let page = log.read_all(after, 7).await?;
        ensure!(page.len() <= 7, "{} events where 7 were asked for", page.len());
        ensure!(page.first().is_none_or(|first| first.position > after), "it begins too early");
        let Some(last) = page.last() else { break };
        after = last.position;
        seen.extend(page.into_iter().filter(|event| event.stream.tenant == stage.tenant));
    }
    ensure!(seen == all, "page by page is not the same");
    Ok(())
}

//! The whole log has one order, in which nothing appears before what a reader has seen (E3), and readers learn
//! of news by themselves (E7).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ports::event_log::RecordedEvent;
use futures::future::try_join_all;

use super::stage::{Failure, Stage, append_any, append_at, ensure, ids, recorded_ids};

/// Writers, and what each of them appends.
const WRITERS: usize = 10;
const APPENDS: usize = 40;
/// Readers look once a second by themselves. Who comes sooner was woken.
const BY_ITSELF: Duration = Duration::from_millis(900);
const ATTEMPTS_MAX: usize = 10;

fn ensure_once_and_in_order(seen: &[Arc<RecordedEvent>]) -> Result<(), Failure> {
    ensure!(seen.is_sorted_by(|a, b| a.position < b.position), "the order is not the positions'");
    let ids: HashSet<_> = recorded_ids(seen).into_iter().collect();
    ensure!(ids.len() == seen.len(), "{} events came twice", seen.len() - ids.len());
    Ok(())
}

pub(super) async fn every_reader_sees_every_event_once_and_in_one_order_while_many_write(
    stage: &Stage,
) -> Result<(), Failure> {
    let logs = [stage.open()?, stage.open()?, stage.open()?];
    let start = stage.end(&*logs[0]).await?;
    // Appends of one to seven events: the large ones take longer, and must not be overtaken unseen.
    let total = WRITERS * (0..APPENDS).map(|append| append % 7 + 1).sum::<usize>();
    let writers = (0..WRITERS).map(async |writer| {
        let log = &logs[writer % logs.len()];
        let mut written = Vec::new();
        for append in 0..APPENDS {
            let (stream, events) = (stage.stream(), stage.events(append % 7 + 1));
            append_at(&**log, stream, 0, &events).await?;
            written.extend(ids(&events));
        }
        Ok::<_, Failure>(written)
    });
    let (here, there) = (stage.open()?, stage.open()?);
    let reading = async {
        let (seen, seen_elsewhere) =
            tokio::try_join!(stage.tail(&*here, start, total), stage.tail(&*there, start, total))?;
        Ok((seen, seen_elsewhere))
    };
    let (written, (seen, seen_elsewhere)) = tokio::try_join!(try_join_all(writers), reading)?;
    ensure!(seen == seen_elsewhere, "two readers saw two orders");
    ensure_once_and_in_order(&seen)?;
    let ids: HashSet<_> = recorded_ids(&seen).into_iter().collect();
    let skipped = written.concat().iter().filter(|id| !ids.contains(id)).count();
    ensure!(skipped == 0, "{skipped} events were skipped");
    Ok(())
}

pub(super) async fn a_reader_catches_up_and_goes_on_live_without_a_hole_or_a_repeat(
    stage: &Stage,
) -> Result<(), Failure> {
    let (writer, reader) = (stage.open()?, stage.open()?);
    let (start, events) = (stage.end(&*writer).await?, stage.events(300));
    let write = async |events: &[_]| {
        for event in events {
            append_any(&*writer, stage.stream(), std::slice::from_ref(event)).await?;
        }
        Ok::<_, Failure>(())
    };
    let (before, during) = events.split_at(150);
    write(before).await?;
    let reading = async { Ok(stage.tail(&*reader, start, events.len()).await?) };
    let (seen, ()) = tokio::try_join!(reading, write(during))?;
    ensure_once_and_in_order(&seen)?;
    ensure!(recorded_ids(&seen) == ids(&events), "it is not the order they were appended in");
    Ok(())
}

pub(super) async fn an_append_elsewhere_wakes_a_reader_that_waits(
    stage: &Stage,
) -> Result<(), Failure> {
    let (writer, reader) = (stage.open()?, stage.open()?);
    let mut end = stage.end(&*writer).await?;
    for _ in 0..ATTEMPTS_MAX {
        let since = Instant::now();
        let waiting = async {
            while reader.read_all(end, 1).await?.is_empty() {
                reader.wait(end).await;
            }
            Ok::<_, Failure>(since.elapsed())
        };
        let (waited, next) = tokio::try_join!(waiting, stage.end(&*writer))?;
        if waited < BY_ITSELF {
            return Ok(());
        }
        end = next;
    }
    Err(Failure::Broken("a reader never learns of an append before it looks by itself".to_owned()))
}

//! An append may be repeated: by its events' ids it is recognised (E1).

use futures::future::{join_all, try_join_all};

use super::stage::{
    Failure, Stage, append_any, append_at, ensure, ensure_conflict, ensure_same, ids, ids_of,
};

pub(super) async fn a_repeated_append_tells_where_its_events_are_and_adds_none(
    stage: &Stage,
) -> Result<(), Failure> {
    let (log, stream) = (stage.open()?, stage.stream());
    let (first, second, third) = (stage.events(1), stage.events(2), stage.events(1));
    let placed = [
        append_at(&*log, stream, 0, &first).await?,
        append_at(&*log, stream, 1, &second).await?,
        append_any(&*log, stream, &third).await?,
    ];
    // By now others have followed each but the last. Another process repeats as well as the same one.
    for log in [&log, &stage.open()?] {
        let repeated = [
            append_at(&**log, stream, 0, &first).await?,
            append_at(&**log, stream, 1, &second).await?,
            append_any(&**log, stream, &third).await?,
        ];
        ensure_same("the places", &repeated, &placed)?;
        // However the repeat expects the stream, its events are there.
        ensure_same("the place", &append_any(&**log, stream, &first).await?, &placed[0])?;
        ensure_same("the place", &append_at(&**log, stream, 0, &second).await?, &placed[1])?;
    }
    let all = [ids(&first), ids(&second), ids(&third)].concat();
    ensure_same("the stream", &ids_of(&*log, stream).await?, &all)
}

pub(super) async fn repeats_that_meet_are_appended_once(stage: &Stage) -> Result<(), Failure> {
    let (here, there) = (stage.open()?, stage.open()?);
    let (exact, any, events) = (stage.stream(), stage.stream(), stage.events(2));
    let repeats = (0..12).map(async |repeat| {
        let log = if repeat % 2 == 0 { &here } else { &there };
        let exactly = append_at(&**log, exact, 0, &events).await?;
        append_any(&**log, any, &events).await.map(|loosely| (exactly, loosely))
    });
    let placed = try_join_all(repeats).await?;
    ensure!(placed.iter().all(|answer| answer == &placed[0]), "{placed:?}");
    for stream in [exact, any] {
        ensure_same("the stream", &ids_of(&*here, stream).await?, &ids(&events))?;
    }
    Ok(())
}

pub(super) async fn an_append_that_holds_a_part_of_another_is_a_conflict(
    stage: &Stage,
) -> Result<(), Failure> {
    let (log, stream) = (stage.open()?, stage.stream());
    let (first, second) = (stage.events(2), stage.events(1));
    append_at(&*log, stream, 0, &first).await?;
    append_at(&*log, stream, 2, &second).await?;
    let new = stage.events(1);
    let overlaps =
        [[&first[1..], &new].concat(), [&first, &new[..]].concat(), [&new, &second[..]].concat()];
    for overlap in &overlaps {
        for version in [0, 1] {
            ensure_conflict(stream, &append_at(&*log, stream, version, overlap).await)?;
        }
        ensure_conflict(stream, &append_any(&*log, stream, overlap).await)?;
    }
    // A conflict is not remembered against the events.
    let results = join_all([append_any(&*log, stream, &new)]).await;
    ensure!(results[0].is_ok(), "{results:?}");
    let all = [ids(&first), ids(&second), ids(&new)].concat();
    ensure_same("the stream", &ids_of(&*log, stream).await?, &all)
}

//! An append is checked against its stream's version, and is whole (E1).

use domain::id::TenantId;
use domain::ports::event_log::LogError;
use domain::stream::{StreamName, Version};
use futures::future::join_all;

use super::stage::{
    Failure, Stage, append_any, append_at, ensure, ensure_conflict, ensure_same, ids, ids_of,
};

/// Versions many writers contend for, and how many writers.
const CONTENDED: (u32, usize) = (5, 12);

pub(super) async fn versions_count_a_streams_events_from_one(stage: &Stage) -> Result<(), Failure> {
    let (log, stream) = (stage.open()?, stage.stream());
    let first = append_at(&*log, stream, 0, &stage.events(1)).await?;
    let second = append_at(&*log, stream, 1, &stage.events(2)).await?;
    let versions = (first.version, second.version);
    ensure_same("the versions", &versions, &(Version(1), Version(3)))?;
    ensure!(first.position < second.position, "{first:?} is not before {second:?}");
    let recorded = log.read_stream(stream).await?;
    let versions: Vec<_> = recorded.iter().map(|event| event.version.0).collect();
    ensure_same("the versions read", &versions, &vec![1, 2, 3])?;
    let positions = (recorded[0].position, recorded[2].position);
    ensure_same("the positions", &positions, &(first.position, second.position))
}

pub(super) async fn a_stream_that_is_not_as_expected_refuses_and_is_left_alone(
    stage: &Stage,
) -> Result<(), Failure> {
    let log = stage.open()?;
    let (stream, missing, only) = (stage.stream(), stage.stream(), stage.events(1));
    append_at(&*log, stream, 0, &only).await?;
    for version in [0, 2, 7, u32::MAX] {
        ensure_conflict(stream, &append_at(&*log, stream, version, &stage.events(1)).await)?;
    }
    for version in [1, 7, u32::MAX] {
        ensure_conflict(missing, &append_at(&*log, missing, version, &stage.events(1)).await)?;
    }
    ensure_same("the stream", &ids_of(&*log, stream).await?, &ids(&only))?;
    ensure_same("the missing stream", &ids_of(&*log, missing).await?, &vec![])
}

pub(super) async fn an_append_that_expects_nothing_follows_whatever_is_there(
    stage: &Stage,
) -> Result<(), Failure> {
    let (log, stream) = (stage.open()?, stage.stream());
    for version in 1..=3 {
        let appended = append_any(&*log, stream, &stage.events(1)).await?;
        ensure_same("the version", &appended.version, &Version(version))?;
    }
    append_at(&*log, stream, 3, &stage.events(1)).await?;
    Ok(())
}

pub(super) async fn an_append_of_nothing_is_refused(stage: &Stage) -> Result<(), Failure> {
    let (log, stream) = (stage.open()?, stage.stream());
    for result in [append_at(&*log, stream, 0, &[]).await, append_any(&*log, stream, &[]).await] {
        ensure!(matches!(result, Err(LogError::Refused(_))), "not refused, but {result:?}");
    }
    Ok(())
}

pub(super) async fn of_writers_that_meet_at_one_version_exactly_one_wins(
    stage: &Stage,
) -> Result<(), Failure> {
    let (versions, writers) = CONTENDED;
    // Two logs, as in two processes: their appends meet in the store.
    let (here, there) = (stage.open()?, stage.open()?);
    let stream = stage.stream();
    for version in 0..versions {
        let appends = (0..writers).map(async |writer| {
            let log = if writer % 2 == 0 { &here } else { &there };
            append_at(&**log, stream, version, &stage.events(1)).await
        });
        let results = join_all(appends).await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        let lost = results.iter().filter(|r| matches!(r, Err(LogError::Conflict { .. }))).count();
        ensure!((won, lost) == (1, writers - 1), "at version {version}: {results:?}");
    }
    let recorded = here.read_stream(stream).await?;
    let seen: Vec<_> = recorded.iter().map(|event| event.version.0).collect();
    ensure_same("the versions", &seen, &(1..=versions).collect())
}

pub(super) async fn writers_that_expect_nothing_all_win_and_leave_no_hole(
    stage: &Stage,
) -> Result<(), Failure> {
    let (here, there) = (stage.open()?, stage.open()?);
    let stream = stage.stream();
    let appends = (0..16).map(async |writer| {
        let log = if writer % 2 == 0 { &here } else { &there };
        let pair = stage.events(2);
        append_any(&**log, stream, &pair).await.map(|_| ids(&pair))
    });
    let mut pairs = join_all(appends).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let recorded = here.read_stream(stream).await?;
    let versions: Vec<_> = recorded.iter().map(|event| event.version.0).collect();
    ensure_same("the versions", &versions, &(1..=32).collect())?;
    // An append is whole: its events stand side by side.
    let mut seen: Vec<_> = recorded.chunks(2).map(|pair| vec![pair[0].id, pair[1].id]).collect();
    seen.sort();
    pairs.sort();
    ensure_same("the appends", &seen, &pairs)
}

pub(super) async fn the_same_id_under_another_tenant_names_another_stream(
    stage: &Stage,
) -> Result<(), Failure> {
    let (log, ours) = (stage.open()?, stage.stream());
    let theirs = StreamName { tenant: TenantId(stage.stream().id), ..ours };
    let (our_events, their_events) = (stage.events(1), stage.events(2));
    append_at(&*log, ours, 0, &our_events).await?;
    ensure_same("their stream", &ids_of(&*log, theirs).await?, &vec![])?;
    append_at(&*log, theirs, 0, &their_events).await?;
    ensure_same("our stream", &ids_of(&*log, ours).await?, &ids(&our_events))?;
    ensure_same("their stream", &ids_of(&*log, theirs).await?, &ids(&their_events))
}

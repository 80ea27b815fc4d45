//! E1: an append is checked against its stream's version, is whole, and may be repeated.

use domain::ports::event_log::{EventLog, LogError};
use domain::stream::{ExpectedVersion, Version};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::events::{NOTHING, delivered, ids, new_stream, read};
use crate::open_log::OpenLog;

#[sqlx::test(migrations = "../migrations")]
async fn versions_count_a_streams_events_from_one(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let stream = new_stream();
    let first = log.begin(stream, &[delivered()]).await.unwrap();
    let second = log.append_at(stream, 1, &[delivered(), read()]).await.unwrap();
    assert_eq!((first.version, second.version), (Version(1), Version(3)));
    assert!(first.position < second.position);
    let recorded = log.read_stream(stream).await.unwrap();
    let versions: Vec<_> = recorded.iter().map(|event| event.version).collect();
    assert_eq!(versions, [Version(1), Version(2), Version(3)]);
    assert_eq!(recorded[2].position, second.position);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_that_is_not_as_expected_refuses_and_is_left_alone(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (stream, missing) = (new_stream(), new_stream());
    let only = [delivered()];
    log.begin(stream, &only).await.unwrap();
    for expected in [0, 2, 7, u32::MAX] {
        let refused = log.append_at(stream, expected, &[read()]).await;
        assert!(matches!(refused, Err(LogError::Conflict { stream: named }) if named == stream));
    }
    for expected in [1, 7, u32::MAX] {
        let refused = log.append_at(missing, expected, &[read()]).await;
        assert!(matches!(refused, Err(LogError::Conflict { stream: named }) if named == missing));
    }
    assert_eq!(log.ids_of(stream).await, ids(&only));
    assert_eq!(log.ids_of(missing).await, []);
    assert!(log.begin(missing, &[read()]).await.is_ok());
}

#[sqlx::test(migrations = "../migrations")]
async fn whatever_is_there_an_append_that_expects_nothing_follows_it(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let stream = new_stream();
    for version in 1..=3 {
        let appended = log.append_any(stream, &[delivered()]).await.unwrap();
        assert_eq!(appended.version, Version(version));
    }
    assert!(log.append_at(stream, 3, &[read()]).await.is_ok());
}

#[sqlx::test(migrations = "../migrations")]
async fn an_append_of_nothing_is_refused(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let refused = log.begin(new_stream(), &[]).await;
    assert!(matches!(refused, Err(LogError::Refused(_))), "{refused:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn of_writers_that_meet_at_one_version_exactly_one_wins(pool: PgPool) {
    // Two logs, as in two processes: their appends meet in the database, not in a lane.
    let (here, there) = (OpenLog::over(&pool), OpenLog::over(&pool));
    let stream = new_stream();
    for version in 0..10 {
        let mut writers = JoinSet::new();
        for writer in 0..16 {
            let log = if writer % 2 == 0 { here.shared() } else { there.shared() };
            let expected = ExpectedVersion::Exact(Version(version));
            writers.spawn(async move { log.append(stream, expected, vec![delivered()]).await });
        }
        let results = writers.join_all().await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        let lost = results.iter().filter(|r| matches!(r, Err(LogError::Conflict { .. }))).count();
        assert_eq!((won, lost), (1, 15), "{results:?}");
    }
    let recorded = here.read_stream(stream).await.unwrap();
    let versions: Vec<_> = recorded.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, (1..=10).collect::<Vec<_>>());
}

#[sqlx::test(migrations = "../migrations")]
async fn writers_that_expect_nothing_all_win_and_leave_no_hole(pool: PgPool) {
    let (here, there) = (OpenLog::over(&pool), OpenLog::over(&pool));
    let stream = new_stream();
    let mut writers = JoinSet::new();
    for writer in 0..40 {
        let log = if writer % 2 == 0 { here.shared() } else { there.shared() };
        writers.spawn(async move {
            log.append(stream, ExpectedVersion::Any, vec![delivered(), read()]).await
        });
    }
    assert!(writers.join_all().await.iter().all(Result::is_ok));
    let recorded = here.read_stream(stream).await.unwrap();
    let versions: Vec<_> = recorded.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, (1..=80).collect::<Vec<_>>());
    for pair in recorded.chunks(2) {
        assert_eq!(pair[0].position.first, pair[1].position.first, "an append was torn apart");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_repeated_append_tells_where_its_events_are_and_adds_none(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let stream = new_stream();
    let (first, second, third) = ([delivered()], [delivered(), read()], [read()]);
    let placed = [
        log.begin(stream, &first).await.unwrap(),
        log.append_at(stream, 1, &second).await.unwrap(),
        log.append_any(stream, &third).await.unwrap(),
    ];
    let repeated = [
        log.begin(stream, &first).await.unwrap(),
        log.append_at(stream, 1, &second).await.unwrap(),
        log.append_any(stream, &third).await.unwrap(),
    ];
    assert_eq!(repeated, placed);
    let all = [ids(&first), ids(&second), ids(&third)].concat();
    assert_eq!(log.ids_of(stream).await, all);
}

#[sqlx::test(migrations = "../migrations")]
async fn repeats_that_meet_are_appended_once(pool: PgPool) {
    let (here, there) = (OpenLog::over(&pool), OpenLog::over(&pool));
    let (exact, any) = (new_stream(), new_stream());
    let events = [delivered(), read()];
    let mut repeats = JoinSet::new();
    for repeat in 0..20 {
        let log = if repeat % 2 == 0 { here.shared() } else { there.shared() };
        let events = events.to_vec();
        repeats.spawn(async move {
            let exactly = log.append(exact, NOTHING, events.clone()).await.unwrap();
            (exactly, log.append(any, ExpectedVersion::Any, events).await.unwrap())
        });
    }
    let placed = repeats.join_all().await;
    assert!(placed.iter().all(|answer| answer == &placed[0]), "{placed:?}");
    assert_eq!(here.ids_of(exact).await, ids(&events));
    assert_eq!(here.ids_of(any).await, ids(&events));
}

//! E4: concurrent appends share a commit, and each is answered by itself.

use domain::ports::event_log::LogError;
use futures::future::join_all;
use sqlx::PgPool;

use crate::events::{delivered, ids, new_stream, played, read};
use crate::open_log::OpenLog;

/// What was appended in one commit has one transaction.
async fn commits(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(distinct transaction_id) from events")
        .fetch_one(pool)
        .await
        .unwrap()
}

/// From now on the database refuses every `message_played`.
async fn poison_played(pool: &PgPool) {
    sqlx::query(
        "alter table events add constraint no_poison check (event_type <> 'message_played')",
    )
    .execute(pool)
    .await
    .unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn concurrent_appends_share_commits(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let appends: Vec<_> = (0..256).map(|_| (new_stream(), [delivered()])).collect();
    let answers = join_all(appends.iter().map(|(stream, events)| log.begin(*stream, events))).await;
    assert!(answers.iter().all(Result::is_ok));
    let commits = commits(&pool).await;
    assert!(commits < 64, "256 appends took {commits} commits");
    for (stream, events) in appends {
        assert_eq!(log.ids_of(stream).await, ids(&events));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn more_appends_than_a_batch_holds_are_all_done(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let appends: Vec<_> = (0..3_000).map(|_| [delivered(), read()]).collect();
    let answers = join_all(appends.iter().map(|events| log.begin(new_stream(), events))).await;
    assert!(answers.iter().all(Result::is_ok));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_conflict_refuses_its_own_append_only(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let taken = new_stream();
    log.begin(taken, &[delivered()]).await.unwrap();
    let appends: Vec<_> =
        (0..64).map(|n| (if n % 8 == 0 { taken } else { new_stream() }, [read()])).collect();
    let answers = join_all(appends.iter().map(|(stream, events)| log.begin(*stream, events))).await;
    for ((stream, _), answer) in appends.into_iter().zip(answers) {
        let is_conflict = matches!(answer, Err(LogError::Conflict { stream: s }) if s == taken);
        assert_eq!(is_conflict, stream == taken, "{answer:?}");
        assert_eq!(answer.is_ok(), stream != taken, "{answer:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn data_the_database_refuses_fails_alone(pool: PgPool) {
    let log = OpenLog::over(&pool);
    poison_played(&pool).await;
    let appends: Vec<_> = (0..64)
        .map(|n| (new_stream(), [if n % 21 == 5 { played() } else { read() }], n % 21 == 5))
        .collect();
    let answers = join_all(appends.iter().map(|(stream, e, _)| log.begin(*stream, e))).await;
    for ((stream, events, is_poison), answer) in appends.iter().zip(answers) {
        assert_eq!(matches!(answer, Err(LogError::Refused(_))), *is_poison, "{answer:?}");
        assert_eq!(answer.is_ok(), !is_poison, "{answer:?}");
        let stored = if *is_poison { vec![] } else { ids(events) };
        assert_eq!(log.ids_of(*stream).await, stored);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_append_is_whole_or_not_at_all(pool: PgPool) {
    let log = OpenLog::over(&pool);
    poison_played(&pool).await;
    let stream = new_stream();
    let refused = log.begin(stream, &[delivered(), played(), read()]).await;
    assert!(matches!(refused, Err(LogError::Refused(_))), "{refused:?}");
    assert_eq!(log.ids_of(stream).await, []);
    let events = [delivered(), read()];
    assert_eq!(log.begin(stream, &events).await.unwrap().version.0, 2);
    assert_eq!(log.ids_of(stream).await, ids(&events));
}

#[sqlx::test(migrations = "../migrations")]
async fn appends_to_one_stream_are_done_in_the_order_they_were_asked(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let stream = new_stream();
    let events = [(); 50].map(|()| delivered());
    let in_order = (0..)
        .zip(&events)
        .map(|(version, event)| log.append_at(stream, version, std::slice::from_ref(event)));
    assert!(join_all(in_order).await.iter().all(Result::is_ok));
    assert_eq!(log.ids_of(stream).await, ids(&events));
}

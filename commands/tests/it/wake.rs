//! E7: readers are woken by an append, here or elsewhere; a poll covers what is never announced.

use std::time::Duration;

use domain::ports::event_log::EventLog;
use domain::stream::Position;
use sqlx::PgPool;
use tokio::time::{Instant, timeout};

use crate::events::{delivered, new_stream};
use crate::open_log::{OpenLog, PATIENCE, another_pool};

/// Readers look once a second by themselves; who comes much sooner was woken.
const SOON: Duration = Duration::from_millis(500);
const BY_ITSELF: Duration = Duration::from_millis(1_500);

/// Waits until `count` logs listen for announcements in this database.
async fn listening(pool: &PgPool, count: i64) {
    let listening = async {
        loop {
            let found: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                 where datname = current_database() and state = 'idle' and query ilike 'listen %'",
            )
            .fetch_one(pool)
            .await
            .unwrap();
            if found == count {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, listening).await.expect("nobody listens");
}

/// How long after the append a reader, who waited already, went on.
async fn woken_after(reader: &OpenLog, writer: &OpenLog) -> Duration {
    let waiting = async {
        reader.wait(Position::START).await;
        Instant::now()
    };
    let appending = async {
        writer.begin(new_stream(), &[delivered()]).await.unwrap();
        Instant::now()
    };
    let (woken, appended) = tokio::join!(waiting, appending);
    woken.saturating_duration_since(appended)
}

#[sqlx::test(migrations = "../migrations")]
async fn an_append_wakes_the_readers_of_its_own_process(pool: PgPool) {
    let log = OpenLog::over(&pool);
    assert!(woken_after(&log, &log).await < SOON);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_append_wakes_the_readers_of_other_processes(pool: PgPool) {
    let elsewhere = another_pool(&pool);
    let (writer, reader) = (OpenLog::over(&pool), OpenLog::over(&elsewhere));
    listening(&pool, 2).await;
    assert!(woken_after(&reader, &writer).await < SOON);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_looks_by_itself_when_nothing_is_announced(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let started = Instant::now();
    log.wait(Position::START).await;
    assert!(started.elapsed() < BY_ITSELF);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_that_lags_behind_does_not_wait(pool: PgPool) {
    let log = OpenLog::over(&pool);
    log.begin(new_stream(), &[delivered()]).await.unwrap();
    let started = Instant::now();
    log.wait(Position::START).await;
    assert!(started.elapsed() < SOON);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_garbled_announcement_harms_nobody(pool: PgPool) {
    let log = OpenLog::over(&pool);
    listening(&pool, 1).await;
    for payload in ["", "nonsense", "1-2-3", "-1--1"] {
        sqlx::query("select pg_notify('heliograph_events', $1)")
            .bind(payload)
            .execute(&pool)
            .await
            .unwrap();
    }
    let elsewhere = another_pool(&pool);
    let writer = OpenLog::over(&elsewhere);
    assert!(woken_after(&log, &writer).await < SOON);
}

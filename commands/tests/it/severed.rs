//! Connections that break: an append is carried out once, whoever was told of it or not.

use domain::ports::event_log::{Appended, EventLog, LogError, NewEvent};
use domain::stream::{ExpectedVersion, StreamName, Version};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::time::timeout;

use crate::events::{NOTHING, delivered, ids, new_stream, read};
use crate::open_log::{OpenLog, PATIENCE};
use crate::relay::{Breaks, MARK, Relay};

/// Two events, the first of which breaks the connection it is sent through.
fn marked() -> [NewEvent; 2] {
    let mut first = delivered();
    first.metadata.request_id = Some(MARK.to_owned());
    [first, read()]
}

/// A stream of one event, and what an append of marked ones to it led to.
async fn append_marked(
    log: &OpenLog,
    stream: StreamName,
    expected: ExpectedVersion,
) -> (Result<Appended, LogError>, Vec<domain::id::EventId>) {
    let events = marked();
    (log.append(stream, expected, events.to_vec()).await, ids(&events))
}

const EXPECTATIONS: [ExpectedVersion; 2] =
    [ExpectedVersion::Exact(Version(1)), ExpectedVersion::Any];

#[sqlx::test(migrations = "../migrations")]
async fn an_append_whose_answer_is_lost_is_carried_out_once(pool: PgPool) {
    for expected in EXPECTATIONS {
        let relay = Relay::before(&pool, Breaks::Answered).await;
        let log = OpenLog::over(&relay.pool);
        let (stream, first) = (new_stream(), [delivered()]);
        log.begin(stream, &first).await.unwrap();
        let (answer, marked) = append_marked(&log, stream, expected).await;
        assert!(relay.has_broken());
        assert_eq!(answer.unwrap().version, Version(3));
        assert_eq!(log.ids_of(stream).await, [ids(&first), marked].concat());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_append_that_is_still_going_on_when_it_is_repeated_is_carried_out_once(pool: PgPool) {
    for expected in EXPECTATIONS {
        let relay = Relay::before(&pool, Breaks::Asked).await;
        let log = OpenLog::over(&relay.pool);
        let (stream, first) = (new_stream(), [delivered()]);
        log.begin(stream, &first).await.unwrap();

        let lock = lock(&pool, stream).await;
        let unlocking = async {
            waiting_for_locks(&pool, 2).await;
            lock.commit().await.unwrap();
        };
        let ((answer, marked), ()) = tokio::join!(append_marked(&log, stream, expected), unlocking);
        assert_eq!(answer.unwrap().version, Version(3));
        assert_eq!(log.ids_of(stream).await, [ids(&first), marked].concat());
    }
}

/// Nobody moves the stream until this transaction ends.
async fn lock(pool: &PgPool, stream: StreamName) -> Transaction<'static, Postgres> {
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("select version from streams where stream_id = $1 for update")
        .bind(stream.id)
        .execute(&mut *lock)
        .await
        .unwrap();
    lock
}

/// Waits until `count` appends wait for somebody's lock in this database.
async fn waiting_for_locks(pool: &PgPool, count: i64) {
    let waiting = async {
        loop {
            let found: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'",
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
    timeout(PATIENCE, waiting).await.expect("nobody waits for the lock");
}

/// Makes the server close the appenders' connections; tells how many it closed.
async fn close_appenders(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select count(*) from (
             select pg_terminate_backend(pid, 10000) from pg_stat_activity
             where datname = current_database() and application_name = 'heliograph appender'
         ) closed",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn an_append_succeeds_though_the_server_has_closed_the_connections(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (stream, events) = (new_stream(), [(); 5].map(|()| delivered()));
    for (version, event) in (0..).zip(&events) {
        log.append_at(stream, version, std::slice::from_ref(event)).await.unwrap();
        assert_ne!(close_appenders(&pool).await, 0);
    }
    assert_eq!(log.ids_of(stream).await, ids(&events));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_append_under_way_survives_the_loss_of_its_connection(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (stream, events) = (new_stream(), [delivered(), read()]);
    log.begin(stream, &events[..1]).await.unwrap();
    let lock = lock(&pool, stream).await;
    let closing = async {
        waiting_for_locks(&pool, 1).await;
        assert_ne!(close_appenders(&pool).await, 0);
        lock.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(log.append_at(stream, 1, &events[1..]), closing);
    assert_eq!(answer.unwrap().version, Version(2));
    assert_eq!(log.ids_of(stream).await, ids(&events));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_asked_before_the_shutdown_is_done_and_nothing_after_it(pool: PgPool) {
    let shutdown = tokio_util::sync::CancellationToken::new();
    let tasks = tokio_util::task::TaskTracker::new();
    let log = commands::event_log::postgres::PostgresLog::open(pool, &tasks, &shutdown);
    let before = (0..100).map(|_| log.append(new_stream(), NOTHING, vec![delivered()]));
    let ending = async { shutdown.cancel() };
    let (answers, ()) = tokio::join!(futures::future::join_all(before), ending);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    tasks.close();
    timeout(PATIENCE, tasks.wait()).await.expect("a task of the log goes on for ever");
    let after = log.append(new_stream(), NOTHING, vec![delivered()]).await;
    assert!(matches!(after, Err(LogError::Unavailable(_))), "{after:?}");
}

//! E3: the order of the whole log has no holes: nothing appears before what a reader has seen.

use domain::id::EventId;
use domain::ports::Ambient;
use domain::ports::event_log::EventLog;
use domain::stream::Position;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{PgConnection, PgPool, PgTransaction};
use tokio::task::JoinSet;

use crate::events::{Edge, NOTHING, delivered, new_stream};
use crate::open_log::{OpenLog, another_pool, committed, tail_until};

/// Inserts an event by hand, so that its transaction can be kept open.
async fn insert(connection: &mut PgConnection) -> EventId {
    let id = EventId(Edge.new_id());
    sqlx::query(
        "insert into events (tenant_id, category, stream_id, version, event_id, event_type,
                             schema_version, data, metadata)
         values ($1, 'message', $1, 1, $1, 'message_delivered', 1,
                 '{\"at\":\"2026-11-21T08:00:00Z\"}',
                 json_build_object('actor', json_build_object('kind', 'operator'),
                                   'correlation_id', $1))",
    )
    .bind(id.0)
    .execute(connection)
    .await
    .unwrap();
    id
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_shown_that_an_open_transaction_may_come_before(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let before = delivered();
    log.begin(new_stream(), std::slice::from_ref(&before)).await.unwrap();
    assert_eq!(tail_until(&*log, before.id).await.len(), 1);

    let mut held_open = pool.begin().await.unwrap();
    let held = insert(&mut held_open).await;
    let after = [delivered(), delivered(), delivered()];
    for event in &after {
        log.begin(new_stream(), std::slice::from_ref(event)).await.unwrap();
        let shown = log.read_all(Position::START, 100).await.unwrap();
        let shown: Vec<_> = shown.iter().map(|event| event.id).collect();
        assert_eq!(shown, [before.id]);
    }
    held_open.commit().await.unwrap();

    let all = tail_until(&*log, after[2].id).await;
    let all: Vec<_> = all.iter().map(|event| event.id).collect();
    assert_eq!(all, [before.id, held, after[0].id, after[1].id, after[2].id]);
}

/// Has written something, and stays open.
async fn open_transaction(pool: &PgPool) -> PgTransaction<'_> {
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("create table elsewhere ()").execute(&mut *transaction).await.unwrap();
    transaction
}

#[sqlx::test(migrations = "../migrations")]
async fn a_transaction_that_cannot_append_holds_nobody_up_however_long_it_is_open(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let idle = open_transaction(&pool).await;
    let events = [delivered(), delivered()];
    for event in &events {
        log.begin(new_stream(), std::slice::from_ref(event)).await.unwrap();
        let shown = log.read_all(Position::START, 100).await.unwrap();
        assert_eq!(shown.last().map(|event| event.id), Some(event.id));
    }
    // Beside it, one that can append still does.
    let mut appending = pool.begin().await.unwrap();
    let held = insert(&mut appending).await;
    let after = delivered();
    log.begin(new_stream(), std::slice::from_ref(&after)).await.unwrap();
    assert_eq!(log.read_all(Position::START, 100).await.unwrap().len(), 2);
    appending.commit().await.unwrap();
    let all = log.read_all(Position::START, 100).await.unwrap();
    let all: Vec<_> = all.iter().map(|event| event.id).collect();
    assert_eq!(all, [events[0].id, events[1].id, held, after.id]);
    idle.rollback().await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_rolled_back_leaves_no_trace_and_holds_nobody_up(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let mut held_open = pool.begin().await.unwrap();
    insert(&mut held_open).await;
    let event = delivered();
    log.begin(new_stream(), std::slice::from_ref(&event)).await.unwrap();
    held_open.rollback().await.unwrap();
    assert_eq!(tail_until(&*log, event.id).await.len(), 1);
}

/// Transactions by hand: one to three events, drawn at one time and committed at another, or never.
async fn write_by_hand(pool: PgPool, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..40 {
        let mut transaction = pool.begin().await.unwrap();
        for _ in 0..random.random_range(1..=3) {
            insert(&mut transaction).await;
            sqlx::query("select pg_sleep($1)")
                .bind(random.random_range(0.0..0.01))
                .execute(&mut *transaction)
                .await
                .unwrap();
        }
        if random.random_bool(0.3) {
            transaction.rollback().await.unwrap();
        } else {
            transaction.commit().await.unwrap();
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_sees_every_committed_event_once_and_in_order(pool: PgPool) {
    let pool = another_pool(&pool);
    see_every_event_once_and_in_order(&pool).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_does_so_too_while_a_transaction_elsewhere_stays_open(pool: PgPool) {
    let pool = another_pool(&pool);
    let idle = open_transaction(&pool).await;
    see_every_event_once_and_in_order(&pool).await;
    idle.rollback().await.unwrap();
}

async fn see_every_event_once_and_in_order(pool: &PgPool) {
    let log = OpenLog::over(pool);
    let (last_of_all, log_of_reader) = (delivered(), OpenLog::over(pool));
    let writing = async {
        let mut writers = JoinSet::new();
        for seed in 0..6 {
            writers.spawn(write_by_hand(pool.clone(), seed));
        }
        for _ in 0..4 {
            let log = log.shared();
            writers.spawn(async move {
                for _ in 0..200 {
                    log.append(new_stream(), NOTHING, vec![delivered()]).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        log.begin(new_stream(), std::slice::from_ref(&last_of_all)).await.unwrap();
    };
    let (seen, ()) = tokio::join!(tail_until(&*log_of_reader, last_of_all.id), writing);
    let seen: Vec<_> = seen.iter().map(|event| event.id).collect();
    assert!(seen.len() > 1_000, "too little was written to prove anything: {}", seen.len());
    assert_eq!(seen, committed(pool).await);
}

//! M8: the records of requests that came with a key.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use commands::idempotency_keys::{Events, IdempotencyKeys, Keyed, Reservation, Reserved};
use domain::id::{TenantId, UserId};
use domain::ports::Ambient;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::events::{Edge, TENANT};

const DAY: Duration = Duration::from_hours(24);

fn keys(pool: &PgPool) -> IdempotencyKeys {
    IdempotencyKeys::new(
        pool.clone(),
        "a secret of the server".to_owned().into(),
        DAY,
        Events::Here,
    )
}

fn keyed<'a>(key: &'a str, body: &'a [u8]) -> Keyed<'a> {
    let (route, content) = ("POST /messages/send", [b"", body]);
    Keyed { tenant: TENANT, user: None, route, key, content }
}

async fn reserve(keys: &IdempotencyKeys, key: &str) -> Reserved {
    keys.reserve(&keyed(key, b"{}"), Edge.new_id()).await.unwrap()
}

async fn taken(keys: &IdempotencyKeys, key: &str) -> Reservation {
    match reserve(keys, key).await {
        Reserved::ToBeDone(reservation) => reservation,
        _ => panic!("it is not to be done"),
    }
}

async fn run(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

const LEASES_RUN_OUT: &str = "update idempotency_keys set lease_until = now()";
const TIMES_RUN_OUT: &str = "update idempotency_keys set expires_at = now()";

async fn expiry(pool: &PgPool) -> DateTime<Utc> {
    let query = "select expires_at from idempotency_keys";
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn of_many_that_ask_at_once_one_is_told_to_do_it(pool: PgPool) {
    let mut asking = JoinSet::new();
    for _ in 0..32 {
        let keys = keys(&pool);
        asking.spawn(async move { reserve(&keys, "k").await });
    }
    let told = asking.join_all().await;
    let count = |is: fn(&Reserved) -> bool| told.iter().filter(|reserved| is(reserved)).count();
    assert_eq!(count(|reserved| matches!(reserved, Reserved::ToBeDone(_))), 1);
    assert_eq!(count(|reserved| matches!(reserved, Reserved::InFlight)), 31);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_is_told_to_whoever_asks_the_same_again(pool: PgPool) {
    let keys = keys(&pool);
    let reservation = taken(&keys, "k").await;
    assert!(!reservation.command_id().is_repeat());
    assert!(keys.keep(&reservation, b"the answer").await.unwrap());
    run(&pool, LEASES_RUN_OUT).await;
    let Reserved::Answered(answer) = reserve(&keys, "k").await else { panic!("no answer") };
    assert_eq!(answer, b"the answer");
    let other = keys.reserve(&keyed("k", b"{ }"), Edge.new_id()).await.unwrap();
    assert!(matches!(other, Reserved::OtherRequest));
    let elsewhere = Keyed { tenant: TenantId(Uuid::from_u128(99)), ..keyed("k", b"{}") };
    let route = Keyed { route: "POST /sessions", ..keyed("k", b"{}") };
    let user = Keyed { user: Some(UserId(Uuid::from_u128(99))), ..keyed("k", b"{}") };
    for another in [elsewhere, route, user] {
        let reserved = keys.reserve(&another, Edge.new_id()).await.unwrap();
        assert!(matches!(reserved, Reserved::ToBeDone(_)));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_was_overtaken_keeps_no_answer(pool: PgPool) {
    let keys = keys(&pool);
    let first = taken(&keys, "k").await;
    assert!(matches!(reserve(&keys, "k").await, Reserved::InFlight));
    run(&pool, LEASES_RUN_OUT).await;
    let second = taken(&keys, "k").await;
    assert_eq!(second.command_id().id(), first.command_id().id());
    assert!(second.command_id().is_repeat());

    assert!(!keys.keep(&first, b"the first's").await.unwrap());
    keys.forget(&first).await.unwrap();
    keys.release(&first).await.unwrap();
    assert!(matches!(keys.standing(&first).await.unwrap(), Reserved::InFlight));
    assert!(keys.keep(&second, b"the second's").await.unwrap());
    let Reserved::Answered(answer) = keys.standing(&first).await.unwrap() else {
        panic!("no answer")
    };
    assert_eq!(answer, b"the second's");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_that_was_let_go_is_done_again_under_the_same_name(pool: PgPool) {
    let keys = keys(&pool);
    let first = taken(&keys, "k").await;
    keys.release(&first).await.unwrap();
    let second = taken(&keys, "k").await;
    assert_eq!(second.command_id().id(), first.command_id().id());
    // Somebody has begun it before, so it is not forgotten.
    keys.forget(&second).await.unwrap();
    let third = taken(&keys, "k").await;
    assert_eq!(third.command_id().id(), first.command_id().id());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_that_was_turned_away_leaves_its_key_free(pool: PgPool) {
    let keys = keys(&pool);
    let first = taken(&keys, "k").await;
    keys.forget(&first).await.unwrap();
    let other = keys.reserve(&keyed("k", b"put right"), Edge.new_id()).await.unwrap();
    let Reserved::ToBeDone(other) = other else { panic!("the key is not free") };
    assert_ne!(other.command_id().id(), first.command_id().id());
    assert!(!other.command_id().is_repeat());
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_that_does_not_open_is_made_again_under_the_same_name(pool: PgPool) {
    let (first, answer) = (taken(&keys(&pool), "k").await, b"the answer");
    assert!(keys(&pool).keep(&first, answer).await.unwrap());
    let secret = "another secret".to_owned().into();
    let other = IdempotencyKeys::new(pool, secret, DAY, Events::Elsewhere);
    let again = taken(&other, "k").await;
    assert_eq!(again.command_id().id(), first.command_id().id());
    assert!(again.command_id().is_repeat());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_whose_time_is_over_is_a_new_one(pool: PgPool) {
    let keys = keys(&pool);
    let first = taken(&keys, "k").await;
    assert!(keys.keep(&first, b"the answer").await.unwrap());
    run(&pool, TIMES_RUN_OUT).await;
    let second = taken(&keys, "k").await;
    assert_ne!(second.command_id().id(), first.command_id().id());
    assert!(!second.command_id().is_repeat());
    assert!(!keys.keep(&first, b"too late").await.unwrap());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_kept_a_day_past_what_it_is_to_outlast(pool: PgPool) {
    let keys = keys(&pool);
    let reservation = taken(&keys, "k").await;
    let usual = expiry(&pool).await;
    keys.outlast(&reservation, Edge.now() - TimeDelta::days(2)).await.unwrap();
    assert_eq!(expiry(&pool).await, usual);
    let in_a_month = usual + TimeDelta::days(30);
    keys.outlast(&reservation, in_a_month).await.unwrap();
    assert_eq!(expiry(&pool).await, in_a_month + TimeDelta::days(1));
    assert!(keys.keep(&reservation, b"the answer").await.unwrap());
    assert_eq!(expiry(&pool).await, in_a_month + TimeDelta::days(1));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_over_is_swept_and_nothing_else_is(pool: PgPool) {
    let keys = keys(&pool);
    run(
        &pool,
        "insert into idempotency_keys (scope, tenant_id, fingerprint, command_id, fence, lease_until, expires_at)
         select sha256(n::text::bytea), gen_random_uuid(), '', gen_random_uuid(), 1, now(), now()
         from generate_series(1, 2500) n",
    )
    .await;
    let reservation = taken(&keys, "k").await;
    assert!(keys.keep(&reservation, b"the answer").await.unwrap());
    assert_eq!(keys.sweep().await.unwrap(), 2_500);
    assert!(matches!(reserve(&keys, "k").await, Reserved::Answered(_)));
}

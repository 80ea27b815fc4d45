//! Two processes on one table.

use chrono::TimeDelta;
use domain::message::refusal::{Refusal, RefusalKind};

use super::*;

const POLICY: BreakerPolicy = BreakerPolicy {
    failures_max: 4,
    open_for: TimeDelta::seconds(5),
    open_for_max: TimeDelta::seconds(60),
};
const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e));
const ONE: EngineId = EngineId(Uuid::from_u128(1));
const OTHER: EngineId = EngineId(Uuid::from_u128(2));

fn unreachable() -> SendOutcome {
    let refusal = Refusal { kind: RefusalKind::Unreachable, detail: "refused".to_owned() };
    SendOutcome::Refused { refusal, session_status: None }
}

async fn note(breakers: &Breakers, outcome: &SendOutcome) {
    let address = SessionAddress { server: &ServerName::default(), waha_session: "s" };
    breakers.note(SESSION, address, outcome).await;
}

async fn open_breakers(pool: &PgPool) -> i64 {
    let open = sqlx::query_scalar("select count(*) from breakers where open_until is not null");
    open.fetch_one(pool).await.unwrap()
}

/// A breaker that both processes have opened, and that it is time to ask about.
async fn due(pool: &PgPool) -> [Breakers; 2] {
    let processes = [Breakers::new(pool.clone(), POLICY), Breakers::new(pool.clone(), POLICY)];
    for _ in 0..2 {
        for breakers in &processes {
            assert_eq!(open_breakers(pool).await, 0);
            note(breakers, &unreachable()).await;
        }
    }
    assert_eq!(open_breakers(pool).await, 1);
    sqlx::query("update breakers set open_until = now()").execute(pool).await.unwrap();
    processes
}

#[sqlx::test(migrations = "../migrations")]
async fn what_went_well_is_written_only_where_something_is_noted(pool: PgPool) {
    let [one, other] = [Breakers::new(pool.clone(), POLICY), Breakers::new(pool.clone(), POLICY)];
    let sent = SendOutcome::Sent { waha_message_id: None };
    note(&one, &sent).await;
    let failures = async || -> Vec<i32> {
        let noted = sqlx::query_scalar("select failures from breakers");
        noted.fetch_all(&pool).await.unwrap()
    };
    assert!(failures().await.is_empty());
    note(&one, &unreachable()).await;
    note(&other, &sent).await;
    assert_eq!(failures().await, [1], "it has not seen yet what the other has noted");
    other.refresh().await.unwrap();
    note(&other, &sent).await;
    assert_eq!(failures().await, [0]);
}

#[sqlx::test(migrations = "../migrations")]
async fn one_process_asks_at_a_time_and_an_answer_that_comes_too_late_changes_nothing(
    pool: PgPool,
) {
    let [one, other] = due(&pool).await;
    let probe = one.claim(ONE).await.unwrap().pop().expect("it is time");
    assert!(other.claim(OTHER).await.unwrap().is_empty());
    sqlx::query("update breakers set probe_until = now()").execute(&pool).await.unwrap();
    let again = other.claim(OTHER).await.unwrap().pop().expect("the first takes too long");
    one.settle(ONE, &probe, true).await.unwrap();
    assert_eq!(open_breakers(&pool).await, 1);
    other.settle(OTHER, &again, true).await.unwrap();
    assert_eq!(open_breakers(&pool).await, 0);
    note(&one, &unreachable()).await;
    assert_eq!(open_breakers(&pool).await, 1, "it is on probation");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_that_is_marked_as_down_is_not_asked(pool: PgPool) {
    let [one, _] = due(&pool).await;
    sqlx::query("insert into waha_servers (server_id, name, state) values ($1, 'default', 'down')")
        .bind(Uuid::nil())
        .execute(&pool)
        .await
        .unwrap();
    assert!(one.claim(ONE).await.unwrap().is_empty());
    sqlx::query("update waha_servers set state = 'draining'").execute(&pool).await.unwrap();
    assert_eq!(one.claim(ONE).await.unwrap().len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_comes_to_its_full_share_in_the_time_that_is_set(pool: PgPool) {
    let share = async |closed_ago: f64, worked_ago: f64, seconds: f64| -> f64 {
        sqlx::query("delete from breakers").execute(&pool).await.unwrap();
        sqlx::query(
            "insert into breakers (server, closed_at) values ('default', now() - make_interval(secs => $1))",
        )
        .bind(closed_ago)
        .execute(&pool)
        .await
        .unwrap();
        let share = sqlx::query_scalar(
            "select ramp_share($1, 'default', now() - make_interval(secs => $2), $3)",
        );
        share.bind(SESSION.0).bind(worked_ago).bind(seconds).fetch_one(&pool).await.unwrap()
    };
    for (closed_ago, worked_ago, seconds, expected) in [
        (0.0, 999.0, 60.0, 0.25),
        (999.0, 0.0, 60.0, 0.25),
        (20.0, 999.0, 60.0, 0.5),
        (60.0, 999.0, 60.0, 1.0),
        (999.0, 999.0, 60.0, 1.0),
        (0.0, 0.0, 0.0, 1.0),
    ] {
        let share = share(closed_ago, worked_ago, seconds).await;
        assert!((share - expected).abs() < 0.01, "{share} instead of {expected}");
    }
}

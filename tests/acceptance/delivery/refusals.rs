//! What was proven not sent is tried again, with growing waits, and given up in the end (D4, D6).

use acceptance::installation::Installation;
use acceptance::messages::ledger_of;
use acceptance::proxy::Proxy;
use acceptance::setup::Setup;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgPool;
use waha_simulator::{LedgerEntry, Match, Misbehaviour, Rule, Simulator};

const ATTEMPTS_MAX: i64 = 4;
const BASE_MS: i64 = 40;
const MAX_MS: i64 = 100;

fn setup() -> Setup {
    Setup::default()
        .set("DELIVERY_MAX_ATTEMPTS", ATTEMPTS_MAX)
        .set("DELIVERY_BACKOFF_BASE_MS", BASE_MS)
        .set("DELIVERY_BACKOFF_MAX_MS", MAX_MS)
}

fn refusal(status: u16) -> Misbehaviour {
    Misbehaviour::Answer { status, sent: false, exception: None }
}

/// The waits a history tells of are within exponential backoff with full jitter.
fn assert_backoff(history: &[Value]) {
    let refused = history.iter().filter(|event| event["type"] == "message_attempt_refused");
    let retried = refused.filter(|event| event["data"]["retryAt"].is_string());
    let mut ceiling_ms = BASE_MS;
    let mut count = 1;
    for event in retried {
        let time = |name: &str| event["data"][name].as_str().unwrap().parse::<DateTime<Utc>>();
        let wait = (time("retryAt").unwrap() - time("at").unwrap()).num_milliseconds();
        assert!((0..=ceiling_ms).contains(&wait), "{wait} ms is more than {ceiling_ms} ms");
        (ceiling_ms, count) = ((ceiling_ms * 2).min(MAX_MS), count + 1);
    }
    assert_eq!(count, ATTEMPTS_MAX, "{history:#?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn refusals_are_retried_and_given_up_as_dead_letters(pool: PgPool) {
    let stage = Installation::start_with(pool, setup()).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for (status, kind) in
        [(401, "unauthorized"), (403, "unauthorized"), (404, "not_found"), (429, "rate_limited")]
    {
        let text = format!("refused with {status}");
        stage.waha.misbehave(Rule::always(Match::text(&text), refusal(status)));
        let id = tenant.send_text(&session, &text).await;
        let failed = tenant.message_becomes(&id, "failed").await;
        assert_eq!(failed["attempts"], ATTEMPTS_MAX);
        assert!(failed["lastError"].as_str().unwrap().contains(&status.to_string()), "{failed}");

        let letter = tenant.dead_letter(&id).await;
        assert_eq!(letter["reason"], "attempts_exhausted");
        let attempts = letter["attemptList"].as_array().unwrap();
        assert!(attempts.iter().all(|attempt| attempt["kind"] == kind), "{letter}");
        assert_backoff(&tenant.history_until(&id, "message_dead_lettered").await);
        let ledger = ledger_of(&stage.waha, &text);
        assert_eq!(ledger.len(), 4);
        assert!(!ledger.iter().any(LedgerEntry::is_sent));
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refusal_that_passes_is_forgotten(pool: PgPool) {
    let stage = Installation::start_with(pool, setup()).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for _ in 1..ATTEMPTS_MAX {
        stage.waha.misbehave(Rule::once(Match::text("again"), refusal(401)));
    }
    let id = tenant.send_text(&session, "again").await;
    let read = tenant.message_becomes(&id, "read").await;
    assert_eq!(read["attempts"], ATTEMPTS_MAX);
    assert_eq!(read["lastError"], Value::Null);
    let ids: Vec<_> = ledger_of(&stage.waha, "again").into_iter().map(|e| e.requested_id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "a retry is the same message: {ids:?}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refusal_for_good_is_a_dead_letter_at_once(pool: PgPool) {
    let stage = Installation::start_with(pool, setup()).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for (status, kind) in [(400, "invalid"), (413, "invalid"), (501, "not_supported")] {
        let text = format!("no good: {status}");
        stage.waha.misbehave(Rule::always(Match::text(&text), refusal(status)));
        let id = tenant.send_text(&session, &text).await;
        let failed = tenant.message_becomes(&id, "failed").await;
        assert_eq!(failed["attempts"], 1);
        let letter = tenant.dead_letter(&id).await;
        assert_eq!(letter["reason"], "refused");
        assert_eq!(letter["attemptList"][0]["kind"], kind);
        assert_eq!(ledger_of(&stage.waha, &text).len(), 1);
    }
    let next = tenant.send_text(&session, "the next one").await;
    tenant.message_becomes(&next, "read").await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn while_no_connection_is_made_messages_are_retried_then_given_up(pool: PgPool) {
    let waha = Simulator::start(setup().waha).await.unwrap();
    let line = Proxy::to_waha(&waha).await;
    let stage = Installation::start_before(pool, setup().waha_through(&line), waha);
    let tenant = stage.tenant().await;
    let session = tenant.session().await;

    line.cut().await;
    let id = tenant.send_text(&session, "unreachable").await;
    tenant.message_becomes(&id, "failed").await;
    let letter = tenant.dead_letter(&id).await;
    assert_eq!(letter["reason"], "attempts_exhausted");
    let attempts = letter["attemptList"].as_array().unwrap();
    assert!(attempts.iter().all(|attempt| attempt["kind"] == "unreachable"), "{letter}");
    assert!(stage.waha.ledger().is_empty());
    line.restore().await;
    stage.stop().await;
}

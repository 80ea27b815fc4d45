//! A session sends at its pace: messages queue, nobody is refused (D2).

use acceptance::clock;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{BOB, somebody};
use acceptance::setup::Setup;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgPool;

/// Two a second.
const RATE_PER_MINUTE: u32 = 120;
/// What may leave at once: a second's worth.
const BURST: f64 = 2.0;
/// What a busy machine may move two arrivals together.
const SKEW_SECONDS: f64 = 0.3;
const MESSAGES: usize = 11;

fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).as_seconds_f64()
}

#[sqlx::test(migrations = "../migrations")]
async fn the_rate_is_kept_over_every_stretch_of_time_and_estimates_follow_it(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_RATE_PER_MINUTE", RATE_PER_MINUTE);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let began = clock::now();
    let mut estimates: Vec<DateTime<Utc>> = Vec::new();
    for n in 0..MESSAGES {
        let body = json!({ "sessionId": session.id, "to": somebody(n), "body": "paced" });
        let accepted = tenant.post("/messages/send", &body).await.expect(202);
        estimates.push(accepted.text("estimatedSendAt").parse().unwrap());
    }
    let look = async || stage.waha.ledger();
    let ledger = eventually("all are sent", look, |ledger| ledger.len() == MESSAGES).await;

    let rate = f64::from(RATE_PER_MINUTE) / 60.0;
    let times: Vec<_> = ledger.iter().map(|entry| entry.at).collect();
    for (first, from) in times.iter().enumerate() {
        for (last, to) in times.iter().enumerate().skip(first) {
            let count = f64::from(u32::try_from(last - first + 1).unwrap());
            let allowed = BURST + rate * (seconds(*from, *to) + SKEW_SECONDS);
            assert!(count <= allowed, "{count} in {:.2} s", seconds(*from, *to));
        }
    }
    let slowest = f64::from(u32::try_from(MESSAGES).unwrap()) * 1.2 / rate + 3.0;
    let taken = seconds(began, times[MESSAGES - 1]);
    assert!(taken <= slowest, "slower than its pace: {taken:.1} s");

    let growth = seconds(estimates[0], estimates[MESSAGES - 1]);
    assert!((2.0..=slowest).contains(&growth), "{estimates:?}");
    let error = seconds(estimates[MESSAGES - 1], times[MESSAGES - 1]).abs();
    assert!(error <= 3.0, "the last was expected {error:.1} s off");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_pace_is_twenty_a_minute_unless_set_and_each_session_has_its_own(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_RATE_PER_MINUTE", "").unscanned();
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let (session, other) = (tenant.unscanned_session().await, tenant.new_session("second").await);
    tenant.session_becomes(&other, "SCAN_QR_CODE").await;
    for n in 0..4 {
        tenant.send_to(&session, &somebody(n), "slowly").await;
    }
    // Another session's message goes all the way: what was accepted before it is in the queue.
    tenant.scan(&stage.waha, &other).await;
    let id = tenant.send_text(&other, "at once").await;
    tenant.message_becomes(&id, "read").await;

    let fifth = json!({ "sessionId": session.id, "to": BOB, "body": "slowly" });
    let accepted = tenant.post("/messages/send", &fifth).await.expect(202);
    let time = |name: &str| accepted.text(name).parse::<DateTime<Utc>>().unwrap();
    let wait = seconds(time("createdAt"), time("estimatedSendAt"));
    assert!((11.9..=12.1).contains(&wait), "four go before it, three seconds each: {wait} s");

    tenant.scan(&stage.waha, &session).await;
    let look = async || stage.waha.ledger();
    let ledger = eventually("two of them are sent", look, |ledger| ledger.len() == 3).await;
    let between = seconds(ledger[1].at, ledger[2].at);
    assert!(between >= 3.0 - SKEW_SECONDS, "two within {between:.1} s");
    stage.stop().await;
}

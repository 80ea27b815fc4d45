//! One busy tenant does not delay another (D3).

use std::collections::HashMap;
use std::time::Duration;

use acceptance::clock;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::json;

use acceptance::eventually::{eventually, within};
use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, somebody};
use acceptance::setup::Setup;
use futures::future::join_all;
use sqlx::PgPool;

const CROWD: usize = 300;
/// How many of the crowd may go before a stranger's only message: what was on its way already, and a round.
const AHEAD_MAX: usize = 40;

#[sqlx::test(migrations = "../migrations")]
async fn a_single_message_does_not_wait_for_another_tenants_crowd(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let (busy, quiet) = (stage.tenant().await, stage.tenant().await);
    let (crowded, calm) = (busy.unscanned_session().await, quiet.unscanned_session().await);
    quiet.scan(&stage.waha, &calm).await;
    for tens in (0..CROWD).collect::<Vec<_>>().chunks(10) {
        let numbers: Vec<_> = tens.iter().map(|n| somebody(*n)).collect();
        join_all(numbers.iter().map(|to| busy.send_to(&crowded, to, "crowd"))).await;
    }
    stage.waha.delay_answers(Duration::from_millis(40));
    busy.scan(&stage.waha, &crowded).await;
    let look = async || ledger_of(&stage.waha, "crowd").len();
    eventually("the crowd moves", look, |sent| *sent >= 20).await;

    let before = look().await;
    assert!(before + 2 * AHEAD_MAX < CROWD, "the crowd is gone before the test begins: {before}");
    quiet.send_text(&calm, "single").await;
    let alone = async || ledger_of(&stage.waha, "single");
    let single = eventually("it is sent", alone, |entries| entries.len() == 1).await;
    let ahead = single[0].sequence - before;
    assert!(ahead <= AHEAD_MAX, "{ahead} of the crowd went first");
    stage.stop().await;
}

const TENANTS: usize = 10;
/// Of each tenant.
const SESSIONS: usize = 5;
/// Messages of one session, all of them queued before the others'.
const BACKLOG: usize = 100_000;
/// Messages of each other session, one a second at most.
const EACH: usize = 6;
const RATE_PER_MINUTE: u32 = 60;
/// The longest a message may take at that pace: a token, and a fifth more by chance.
const STEP_SECONDS: f64 = 1.2;
/// What a busy machine may be late by.
const LATE_SECONDS: f64 = 4.0;
/// Until the backlog is taken in.
const TAKEN_IN: Duration = Duration::from_mins(5);

#[sqlx::test(migrations = "../migrations")]
async fn of_fifty_sessions_of_ten_tenants_one_has_a_hundred_thousand_messages_and_the_others_go_at_their_own_pace(
    pool: PgPool,
) {
    let setup = Setup::default().set("DELIVERY_RATE_PER_MINUTE", RATE_PER_MINUTE);
    let stage = Installation::start_with(pool, setup).await;
    let mut senders = Vec::new();
    for _ in 0..TENANTS {
        let tenant = stage.tenant().await;
        for n in 0..SESSIONS {
            senders.push((tenant.clone(), tenant.new_session(&format!("session {n}")).await));
        }
    }
    for (tenant, session) in &senders {
        tenant.session_becomes(session, "WORKING").await;
    }
    let (busy, crowded) = senders.remove(0);
    let queue = format!("/sessions/{}/queue", crowded.id);
    let set = async |mode: &str| {
        let request = busy.request(Method::PUT, &queue).json(&json!({ "mode": mode }));
        busy.send(request).await.expect(200);
    };
    set("hold").await;
    stage.crowd(busy.tenant_id(), &crowded, BACKLOG).await;
    let look = async || busy.get(&queue).await.expect(200).data()["queued"].clone();
    within(TAKEN_IN, "the backlog is taken in", look, |queued| *queued == json!(BACKLOG)).await;
    set("run").await;

    let began = clock::now();
    join_all(senders.iter().map(async |(tenant, session)| {
        for n in 0..EACH {
            tenant.send_to(session, &somebody(n), &format!("{} {n}", session.id)).await;
        }
    }))
    .await;
    let others = SESSIONS * TENANTS - 1;
    let look = async || stage.waha.ledger().iter().filter(|entry| entry.text != "crowd").count();
    within(TAKEN_IN, "all are sent", look, |sent| *sent == others * EACH).await;
    let mut sent: HashMap<String, Vec<DateTime<Utc>>> = HashMap::new();
    for entry in stage.waha.ledger() {
        sent.entry(entry.session).or_default().push(entry.at);
    }
    for (_, session) in &senders {
        for (n, at) in sent[&session.waha_name].iter().enumerate() {
            let waited = (*at - began).as_seconds_f64();
            let own_pace = f64::from(u32::try_from(n).unwrap()) * STEP_SECONDS + LATE_SECONDS;
            assert!(waited <= own_pace, "message {n} waited {waited:.1} s of {own_pace:.1}");
        }
    }
    assert!(sent[&crowded.waha_name].len() >= EACH, "the busy one stood still");
    stage.stop().await;
}

//! What keeps failing is left alone for a while: messages wait, their attempts are not spent (D7).

use std::sync::Arc;

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, sent_texts, somebody};
use acceptance::proxy::Proxy;
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule, Simulator};

/// Failures that open a breaker, as the settings have it.
const FAILURES_MAX: u64 = 5;
/// A session's calls at a time: so many may be on their way when it opens.
const CALLS_MAX: u64 = 8;

async fn behind_a_line(pool: PgPool) -> (Installation, Arc<Proxy>) {
    let setup = Setup::default();
    let waha = Simulator::start(setup.waha.clone()).await.unwrap();
    let line = Proxy::to_waha(&waha).await;
    let setup = setup.waha_through(&line);
    (Installation::start_before(pool, setup, waha), line)
}

/// How the breaker of the server stands.
async fn breaker(operator: &Caller) -> Value {
    operator.get("/admin/waha-servers/default").await.expect(200).data()["breaker"].clone()
}

async fn breaker_becomes(operator: &Caller, state: &str) -> Value {
    let look = async || breaker(operator).await;
    eventually(&format!("the breaker is {state}"), look, |seen| seen["state"] == state).await
}

async fn attempts_of(tenant: &Caller, ids: &[String]) -> u64 {
    let mut attempts = 0;
    for id in ids {
        attempts += tenant.message(id).await["attempts"].as_u64().unwrap();
    }
    attempts
}

/// Makes every send through a session end like this.
fn always(session: &Session, misbehaviour: Misbehaviour) -> Rule {
    Rule::always(Match::session(&session.waha_name), misbehaviour)
}

fn engine_failure() -> Misbehaviour {
    let exception = Some("the engine is stuck".to_owned());
    Misbehaviour::Answer { status: 500, sent: false, exception }
}

#[sqlx::test(migrations = "../migrations")]
async fn while_waha_is_away_hardly_an_attempt_is_spent_and_all_is_sent_afterwards(pool: PgPool) {
    let (stage, line) = behind_a_line(pool).await;
    let tenant = stage.tenant().await;
    let operator = stage.colleague(&tenant, Role::PlatformAdmin).await;
    let session = tenant.session().await;
    line.cut().await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(tenant.send_to(&session, &somebody(n), &format!("patient {n}")).await);
    }
    breaker_becomes(&operator, "open").await;
    // It is asked how it is, again and again, and no message goes to find out.
    breaker_becomes(&operator, "half_open").await;
    let seen = breaker_becomes(&operator, "open").await;
    assert!(
        seen["reason"].as_str().is_some_and(|reason| reason.contains("no connection")),
        "{seen}"
    );
    let spent = attempts_of(&tenant, &ids).await;
    assert!(spent < FAILURES_MAX + CALLS_MAX, "{spent} attempts are spent");

    line.restore().await;
    for id in &ids {
        tenant.message_becomes(id, "read").await;
    }
    breaker_becomes(&operator, "closed").await;
    assert_eq!(sent_texts(&stage.waha).len(), 20);
    let all = attempts_of(&tenant, &ids).await;
    assert_eq!(all, spent + 20, "each goes at once when WAHA is back");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn one_chat_spends_no_more_than_the_failures_that_open_it(pool: PgPool) {
    let (stage, line) = behind_a_line(pool).await;
    let tenant = stage.tenant().await;
    let operator = stage.colleague(&tenant, Role::PlatformAdmin).await;
    let session = tenant.session().await;
    line.cut().await;
    let ids = [
        tenant.send_text(&session, "the first").await,
        tenant.send_text(&session, "the second").await,
    ];
    breaker_becomes(&operator, "open").await;
    breaker_becomes(&operator, "half_open").await;
    breaker_becomes(&operator, "open").await;
    assert_eq!(attempts_of(&tenant, &ids).await, FAILURES_MAX);
    line.restore().await;
    for id in &ids {
        tenant.message_becomes(id, "read").await;
    }
    assert_eq!(sent_texts(&stage.waha), ["the first", "the second"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sick_session_is_left_alone_and_stops_no_other(pool: PgPool) {
    // Long enough that it is not tried again while the other session is looked at.
    let setup = Setup::default()
        .set("DELIVERY_BREAKER_OPEN_SECONDS", 10)
        .set("DELIVERY_BREAKER_OPEN_MAX_SECONDS", 10);
    let stage = Installation::start_with(pool, setup).await;
    let (tenant, other) = (stage.tenant().await, stage.tenant().await);
    let operator = stage.colleague(&tenant, Role::PlatformAdmin).await;
    let (sick, sound) = (tenant.session().await, other.session().await);
    stage.waha.misbehave(always(&sick, engine_failure()));
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(tenant.send_to(&sick, &somebody(n), &format!("sick {n}")).await);
    }
    let look = async || breaker(&operator).await["sessionsOpen"].clone();
    eventually("the session's breaker is open", look, |open| *open == json!(1)).await;
    assert_eq!(breaker(&operator).await["state"], "closed", "the server answers");
    let id = other.send_text(&sound, "sound").await;
    other.message_becomes(&id, "read").await;
    let asked = stage.waha.ledger().iter().filter(|entry| entry.text.starts_with("sick")).count();
    assert!(
        asked < usize::try_from(FAILURES_MAX + CALLS_MAX).unwrap(),
        "it was called {asked} times"
    );

    // What was called is in doubt, and stays so; what waited goes.
    stage.waha.behave();
    for id in &ids {
        let look = async || tenant.message(id).await["status"].clone();
        let is_done = |status: &Value| *status == json!("read") || *status == json!("unknown");
        eventually("it is sent, or in doubt", look, is_done).await;
    }
    let sent = sent_texts(&stage.waha).iter().filter(|text| text.starts_with("sick")).count();
    assert!(sent + asked >= 30 && sent >= 30 - asked, "{sent} sent, {asked} in doubt");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sick_server_stops_no_other(pool: PgPool) {
    let (stage, line) = behind_a_line(pool).await;
    let tenant = stage.tenant().await;
    let operator = stage.colleague(&tenant, Role::PlatformAdmin).await;
    let on_sick = tenant.session().await;
    let second = Simulator::start(Setup::default().waha).await.unwrap();
    let register = json!({ "name": "b", "url": second.base_url(), "apiKey": second.api_key() });
    operator.post("/admin/waha-servers", &register).await.expect(201);
    operator.post("/admin/waha-servers/default/drain", &json!({})).await.expect(200);
    let on_sound = tenant.new_session("sound").await;
    tenant.session_becomes(&on_sound, "WORKING").await;
    line.cut().await;
    let held = tenant.send_text(&on_sick, "held").await;
    breaker_becomes(&operator, "open").await;
    let id = tenant.send_text(&on_sound, "sound").await;
    tenant.message_becomes(&id, "read").await;
    assert_eq!(ledger_of(&second, "sound").len(), 1);
    line.restore().await;
    tenant.message_becomes(&held, "read").await;
    stage.stop().await;
    second.shutdown().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_begins_slowly_when_it_comes_to_work(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_RAMP_UP_SECONDS", 3_600);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    // Nobody answers, so whatever is called at a time stays so.
    stage.waha.misbehave(always(&session, Misbehaviour::Hang { sent: false }));
    for n in 0..10 {
        tenant.send_to(&session, &somebody(n), &format!("slowly {n}")).await;
    }
    let look = async || stage.waha.ledger().len();
    eventually("a quarter of the calls at a time is made", look, |calls| *calls == 2).await;
    // Another session has its chance, which is one for this one, too.
    let other = stage.tenant().await;
    let sound = other.session().await;
    let id = other.send_text(&sound, "meanwhile").await;
    other.message_becomes(&id, "read").await;
    let calls = stage.waha.ledger().iter().filter(|entry| entry.text.starts_with("slowly")).count();
    assert_eq!(calls, 2);
    stage.waha.restart_losing_memory();
    stage.stop().await;
}

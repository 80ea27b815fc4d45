//! A session that says WORKING may be dead: it is noticed, its queue waits, and it is restarted (S3, D8).

use std::time::Duration;

use acceptance::caller::Caller;
use acceptance::eventually::{eventually, within};
use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, somebody};
use acceptance::setup::Setup;
use acceptance::webhook;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule, SessionStatus};

/// Longer than the engine's time between two looks at ailing sessions.
const LOOKED_AFTER: Duration = Duration::from_secs(40);

fn quick() -> Setup {
    Setup::default().set("DELIVERY_ACK_DEADLINE_SECONDS", 1).set("DELIVERY_SUSPECT_AFTER", 2)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_whose_messages_stay_unacknowledged_is_held_and_trusted_at_the_first_sign(
    pool: PgPool,
) {
    let stage = Installation::start_with(pool, quick().set("SESSION_AUTO_RESTART", false)).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::always(Match::text("void"), Misbehaviour::NoAcks));
    let first = tenant.send_text(&session, "void").await;
    let sent = tenant.message_becomes(&first, "sent").await;
    tenant.send_to(&session, &somebody(1), "void").await;
    let path = format!("/sessions/{}", session.id);
    let look = async || tenant.get(&path).await.data().clone();
    let is_suspect = |seen: &Value| seen["suspicion"] == "acknowledgements_overdue";
    let suspect = eventually("it is suspect", look, is_suspect).await;
    assert_eq!(suspect["status"], "WORKING");
    assert!(suspect["suspectedAt"].is_string(), "{suspect}");

    let held = tenant.send_to(&session, &somebody(2), "patience").await;
    let other = tenant.new_session("second").await;
    tenant.session_becomes(&other, "WORKING").await;
    let elsewhere = tenant.send_text(&other, "elsewhere").await;
    tenant.message_becomes(&elsewhere, "read").await;
    assert_eq!(tenant.message(&held).await["status"], "queued");
    assert!(ledger_of(&stage.waha, "patience").is_empty());

    let waha_id = sent["wahaMessageId"].as_str().unwrap();
    tenant.deliver(&webhook::ack(&session, waha_id, 1)).await.expect(200);
    tenant.message_becomes(&held, "read").await;
    eventually("it is trusted", look, |seen| seen["suspicion"].is_null()).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_suspect_session_is_restarted_and_goes_on(pool: PgPool) {
    let stage = Installation::start_with(pool, quick()).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::always(Match::text("void"), Misbehaviour::NoAcks));
    for n in 0..2 {
        tenant.send_to(&session, &somebody(n), "void").await;
    }
    let path = format!("/sessions/{}", session.id);
    let look = async || tenant.get(&path).await.data().clone();
    eventually("it is suspect", look, |seen| seen["suspicion"].is_string()).await;
    let held = tenant.send_to(&session, &somebody(3), "patience").await;
    let is_back = |seen: &Value| seen["restartCause"] == "suspected" && seen["suspicion"].is_null();
    within(LOOKED_AFTER, "it is restarted and trusted", look, is_back).await;
    tenant.message_becomes(&held, "read").await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_failed_session_is_restarted_with_its_pairing(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let phone = tenant.session_becomes(&session, "WORKING").await["phone"].clone();
    stage.waha.set_session_status(&session.waha_name, SessionStatus::Failed).unwrap();
    let path = format!("/sessions/{}", session.id);
    let look = async || tenant.get(&path).await.data().clone();
    let is_back =
        |seen: &Value| seen["restartCause"] == "failed" && seen["status"] == json!("WORKING");
    let back = within(LOOKED_AFTER, "it works again", look, is_back).await;
    assert_eq!(back["phone"], phone, "no new scan was needed");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_that_waha_has_lost_is_made_anew(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::always(Match::event("session.status"), Misbehaviour::DropWebhook));
    let waha = Caller::nobody(stage.waha.base_url());
    let remove = waha.request(Method::DELETE, &format!("/api/sessions/{}", session.waha_name));
    waha.send(remove.header("X-Api-Key", stage.waha.api_key())).await.expect(200);
    let path = format!("/sessions/{}", session.id);
    let look = async || tenant.get(&path).await.data().clone();
    let missed = |seen: &Value| seen["suspicion"] == "missing_in_waha";
    within(LOOKED_AFTER, "it is missed", look, missed).await;
    stage.waha.behave();
    let is_back = |seen: &Value| seen["restartCause"] == "suspected" && seen["suspicion"].is_null();
    let back = within(LOOKED_AFTER, "it is there again", look, is_back).await;
    assert_eq!(back["status"], "WORKING");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_that_was_logged_out_on_the_phone_asks_for_a_new_scan_and_says_why(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let path = format!("/sessions/{}", session.id);
    let look = async || tenant.get(&path).await.data().clone();
    assert_eq!(look().await["loggedOutAt"], Value::Null, "it never was paired");
    tenant.scan(&stage.waha, &session).await;
    stage.waha.unlink(&session.waha_name).unwrap();
    tenant.session_becomes(&session, "FAILED").await;
    let is_out = |seen: &Value| seen["status"] == "SCAN_QR_CODE" && seen["loggedOutAt"].is_string();
    within(LOOKED_AFTER, "it asks for a new scan", look, is_out).await;
    tenant.scan(&stage.waha, &session).await;
    assert_eq!(look().await["loggedOutAt"], Value::Null);
    stage.stop().await;
}

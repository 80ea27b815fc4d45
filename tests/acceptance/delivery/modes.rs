//! What a session does with messages is set by people: run, hold, drain (D7).

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::clock;
use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, sent_texts, somebody};
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

async fn set(caller: &Caller, session: &Session, mode: &str) -> Answer {
    let request = caller.request(Method::PUT, &format!("/sessions/{}/queue", session.id));
    caller.send(request.json(&json!({ "mode": mode }))).await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_that_is_held_takes_messages_and_sends_none_until_it_runs(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let (session, other) = (tenant.session().await, tenant.new_session("second").await);
    tenant.session_becomes(&other, "WORKING").await;
    assert_eq!(set(&tenant, &session, "hold").await.expect(200).text("queueMode"), "hold");

    let held = tenant.send_text(&session, "held").await;
    let expires = (clock::now() + TimeDelta::seconds(2)).to_rfc3339();
    let late = json!({ "to": somebody(1), "body": "late", "expiresAt": expires });
    let late = tenant.send_as(&session, late).await;
    // Another session's message goes all the way: the saga has had its chance.
    let sent = tenant.send_text(&other, "sent").await;
    tenant.message_becomes(&sent, "read").await;
    assert_eq!(tenant.message(&held).await["status"], "queued");
    tenant.message_becomes(&late, "expired").await;

    set(&tenant, &session, "run").await.expect(200);
    assert_eq!(tenant.message_becomes(&held, "read").await["attempts"], 1);
    assert_eq!(sent_texts(&stage.waha), ["sent", "held"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_that_is_drained_sends_what_it_has_and_takes_no_more(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let waiting = tenant.send_text(&session, "accepted before").await;
    set(&tenant, &session, "drain").await.expect(200);

    let body = json!({ "sessionId": session.id, "to": somebody(1), "body": "too late" });
    let refused = tenant.post("/messages/send", &body).await.expect(409);
    assert_eq!(refused.codes(), ["SESSION_DRAINING"]);
    tenant.scan(&stage.waha, &session).await;
    tenant.message_becomes(&waiting, "read").await;
    assert!(ledger_of(&stage.waha, "too late").is_empty());

    set(&tenant, &session, "run").await.expect(200);
    tenant.post("/messages/send", &body).await.expect(202);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn only_the_tenants_own_session_and_only_known_modes_can_be_set(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (tenant, stranger) = (stage.tenant().await, stage.tenant().await);
    let session = tenant.session().await;
    let unknown = set(&tenant, &session, "pause").await.expect(400);
    assert_eq!(unknown.body["errors"][0]["field"], "mode", "{:?}", unknown.body);
    assert_eq!(set(&stranger, &session, "hold").await.expect(404).codes(), ["SESSION_NOT_FOUND"]);
    let shown = tenant.get(&format!("/sessions/{}", session.id)).await;
    assert_eq!(shown.data()["queueMode"], "run");
    stage.stop().await;
}

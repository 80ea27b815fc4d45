//! WAHA may be away, and its webhooks may be lost: sessions come right all the same (S1, S3).

use std::time::Duration;

use acceptance::clock;
use acceptance::eventually::{eventually, within};
use acceptance::installation::Installation;
use acceptance::proxy::Proxy;
use acceptance::setup::Setup;
use acceptance::webhook;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule, SessionStatus, Simulator};

/// Longer than the engine's time between two looks at WAHA's sessions.
const LOOKED_AT: Duration = Duration::from_secs(40);

#[sqlx::test(migrations = "../migrations")]
async fn a_session_made_while_waha_is_away_starts_by_itself_when_it_returns(pool: PgPool) {
    let waha = Simulator::start(Setup::default().waha).await.unwrap();
    let line = Proxy::to_waha(&waha).await;
    let setup = Setup::default().waha_through(&line);
    let stage = Installation::start_before(pool, setup, waha);
    let tenant = stage.tenant().await;

    line.cut().await;
    let name = json!({ "name": "main" });
    let (made, ()) = tokio::join!(tenant.post("/sessions", &name), async {
        let look = async || tenant.get("/sessions").await.rows().to_vec();
        let rows = eventually("it is on the list", look, |rows: &Vec<Value>| rows.len() == 1).await;
        assert_eq!(rows[0]["status"], "STARTING");
        assert_eq!(rows[0]["pendingAction"], "start");
        line.restore().await;
    });
    let path = format!("/sessions/{}", made.expect(201).text("id"));
    let look = async || tenant.get(&path).await.data()["status"].clone();
    eventually("the session works", look, |status| status == "WORKING").await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_status_whose_webhook_was_lost_is_found_by_looking(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, "before").await;
    tenant.message_becomes(&id, "read").await;

    stage.waha.misbehave(Rule::always(Match::event("session.status"), Misbehaviour::DropWebhook));
    stage.waha.set_session_status(&session.waha_name, SessionStatus::Failed).unwrap();
    let path = format!("/sessions/{}", session.id);
    let look = async || tenant.get(&path).await.data()["status"].clone();
    within(LOOKED_AT, "the failure is noticed", look, |status| status == "FAILED").await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_old_status_that_arrives_late_does_not_undo_a_newer_one(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let old = json!({ "name": session.waha_name, "status": "SCAN_QR_CODE" });
    let mut late = webhook::event(&session, "session.status", &old);
    late["timestamp"] = json!((clock::now() - TimeDelta::minutes(1)).timestamp_millis());
    let before = tenant.webhooks_processed("session.status", 4).await;
    tenant.deliver(&late).await.expect(200);

    let after = tenant.webhooks_processed("session.status", 5).await;
    assert_eq!(after["byEffect"]["applied"], before["byEffect"]["applied"], "it was acted upon");
    let shown = tenant.get(&format!("/sessions/{}", session.id)).await;
    assert_eq!(shown.data()["status"], "WORKING");
    let id = tenant.send_text(&session, "as before").await;
    tenant.message_becomes(&id, "read").await;
    stage.stop().await;
}

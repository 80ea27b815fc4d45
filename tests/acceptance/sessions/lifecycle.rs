//! Made, listed, stopped, started, logged out, deleted (S1).

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use waha_simulator::SessionStatus;

#[sqlx::test(migrations = "../migrations")]
async fn a_session_is_made_and_started_in_waha_and_can_be_looked_at(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let made = tenant.post("/sessions", &json!({ "name": "Sales Desk" })).await.expect(201);
    let id = made.text("id");
    assert_eq!(made.header("location"), Some(format!("/sessions/{id}").as_str()));
    assert_eq!(made.data()["name"], "Sales Desk");
    assert!(made.data()["status"].is_string());
    let waha_name = made.text("wahaSession");
    assert!(stage.waha.session_status(&waha_name).is_some(), "it is not in WAHA");

    let path = format!("/sessions/{id}");
    let look = async || tenant.get(&path).await.expect(200).data().clone();
    let shown = eventually("it works", look, |shown: &Value| shown["status"] == "WORKING").await;
    assert_eq!(shown["engine"], "NOWEB");
    assert_eq!(shown["phone"], "+79990000001");
    let list = tenant.get("/sessions").await.expect(200);
    let ids: Vec<_> = list.rows().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [id.as_str()]);
    assert_eq!(list.body["meta"]["total"], 1);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_name_is_taken_once_by_each_tenant(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (one, other) = (stage.tenant().await, stage.tenant().await);
    let first = one.new_session("main").await;
    let refused = one.post("/sessions", &json!({ "name": "main" })).await.expect(409);
    refused.assert_is_problem();
    assert_eq!(refused.codes(), ["SESSION_ALREADY_EXISTS"]);
    let second = other.new_session("main").await;
    assert_ne!(first.waha_name, second.waha_name, "two tenants share one session in WAHA");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_is_stopped_started_and_restarted_and_keeps_its_pairing(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    tenant.scan(&stage.waha, &session).await;
    let act = async |action: &str| tenant.act(&format!("/sessions/{}/{action}", session.id)).await;

    act("stop").await.expect(200);
    tenant.session_becomes(&session, "STOPPED").await;
    assert_eq!(stage.waha.session_status(&session.waha_name), Some(SessionStatus::Stopped));
    act("stop").await.expect(200); // already so

    act("start").await.expect(200);
    tenant.session_becomes(&session, "WORKING").await;
    act("start").await.expect(200);
    act("restart").await.expect(200);
    tenant.session_becomes(&session, "WORKING").await;

    act("logout").await.expect(200);
    let shown = tenant.session_becomes(&session, "SCAN_QR_CODE").await;
    assert_eq!(shown["pendingAction"], Value::Null);
    assert_eq!(shown["lastError"], Value::Null);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_deleted_session_is_gone_here_and_in_waha_and_its_name_is_free(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let path = format!("/sessions/{}", session.id);
    let deleted = tenant.delete(&path).await;
    assert!((200..300).contains(&deleted.status), "{deleted:?}");

    let look = async || tenant.get(&path).await.status;
    eventually("it is gone", look, |status| *status == 404).await;
    let look = async || tenant.get("/sessions").await.rows().len();
    eventually("it is off the list", look, |count| *count == 0).await;
    assert_eq!(stage.waha.session_status(&session.waha_name), None);
    let body = json!({ "sessionId": session.id, "to": "+6281234567890", "body": "too late" });
    tenant.post("/messages/send", &body).await.expect(404).assert_is_problem();
    assert_eq!(tenant.act(&format!("{path}/start")).await.codes(), ["SESSION_DELETED"]);

    let again = tenant.session().await;
    assert_ne!((again.id, again.waha_name), (session.id, session.waha_name));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_logged_out_on_the_phone_is_failed_and_can_be_paired_again(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    tenant.scan(&stage.waha, &session).await;
    stage.waha.unlink(&session.waha_name).unwrap();
    tenant.session_becomes(&session, "FAILED").await;

    tenant.act(&format!("/sessions/{}/start", session.id)).await.expect(200);
    tenant.session_becomes(&session, "SCAN_QR_CODE").await;
    tenant.scan(&stage.waha, &session).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_whose_making_was_cut_short_is_made_by_the_next_attempt(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let tenant = stage.tenant().await;
    let first = tenant.new_session("main").await;
    // All that a process leaves that dies between the reservation and the session's first event.
    let reserved = Uuid::from_u128(0x5e);
    sqlx::query(
        "insert into session_keys (session_id, tenant_id, name, waha_session, webhook_secret)
         select $1, tenant_id, 'other', 'other_1', 'a secret' from session_keys
         where session_id = $2",
    )
    .bind(reserved)
    .bind(Uuid::parse_str(&first.id).unwrap())
    .execute(&pool)
    .await
    .unwrap();
    let made = tenant.post("/sessions", &json!({ "name": "other" })).await.expect(201);
    assert_eq!(made.text("id"), reserved.to_string());
    assert_eq!(made.text("wahaSession"), "other_1");
    tenant.post("/sessions", &json!({ "name": "other" })).await.expect(409);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_deletion_that_was_cut_short_is_completed(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let tenant = stage.tenant().await;
    let session = tenant.new_session("main").await;
    let id = Uuid::parse_str(&session.id).unwrap();
    // What a process leaves that dies after the name was freed and before that is in the log.
    sqlx::query("delete from session_keys where session_id = $1")
        .bind(id)
        .execute(&pool)
        .await
        .unwrap();
    tenant.delete(&format!("/sessions/{}", session.id)).await;
    let look = async || tenant.get(&format!("/sessions/{}", session.id)).await.status;
    eventually("it is gone", look, |status| *status == 404).await;
    stage.stop().await;
}

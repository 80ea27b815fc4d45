//! Not before `sendAt`, not after `expiresAt` (M1, M4).

use acceptance::clock;
use acceptance::installation::Installation;
use acceptance::messages::{BOB, ledger_of, sent_texts, somebody};
use acceptance::setup::Setup;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_scheduled_message_waits_for_its_time(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let send_at = clock::in_ms(1_500);
    let body = json!({ "sessionId": session.id, "to": BOB, "body": "later", "sendAt": send_at });
    let accepted = tenant.post("/messages/send", &body).await.expect(202);
    assert_eq!(accepted.data()["status"], "scheduled");
    let due: DateTime<Utc> = send_at.parse().unwrap();
    let estimate: DateTime<Utc> = accepted.text("estimatedSendAt").parse().unwrap();
    assert!(estimate >= due, "{estimate} is before {due}");
    let later = accepted.text("id");
    assert_eq!(tenant.message(&later).await["status"], "scheduled");

    let now = tenant.send_text(&session, "now").await;
    tenant.message_becomes(&now, "read").await;
    tenant.message_becomes(&later, "read").await;
    assert_eq!(sent_texts(&stage.waha), ["now", "later"]);
    let sent_at = ledger_of(&stage.waha, "later")[0].at;
    assert!(sent_at >= due, "sent at {sent_at}, before {due}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_whose_time_is_over_before_its_turn_expires_unsent(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let body = json!({ "body": "stale", "expiresAt": clock::in_ms(400) });
    let stale = tenant.send_as(&session, body).await;
    let fresh = tenant.send_as(&session, json!({ "to": somebody(1), "body": "fresh" })).await;
    let expired = tenant.message_becomes(&stale, "expired").await;
    assert_eq!(expired["attempts"], 0);
    tenant.story_becomes(&stale, &["message_queued", "message_expired"]).await;

    tenant.scan(&stage.waha, &session).await;
    tenant.message_becomes(&fresh, "read").await;
    assert_eq!(sent_texts(&stage.waha), ["fresh"]);
    assert_eq!(tenant.get("/dead-letters").await.rows().len(), 0, "expiry is no dead letter");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn times_that_make_no_sense_are_refused_by_name(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for (times, field) in [
        (json!({ "expiresAt": clock::in_ms(-60_000) }), "expiresAt"),
        (
            json!({ "sendAt": clock::in_ms(120_000), "expiresAt": clock::in_ms(60_000) }),
            "expiresAt",
        ),
        (json!({ "sendAt": clock::in_ms(-3_600_000) }), "sendAt"),
        (json!({ "sendAt": "tomorrow" }), "sendAt"),
        (json!({ "sendAt": "+262142-12-31T23:59:59Z" }), "sendAt"),
        (json!({ "sendAt": 1_800_000_000 }), "sendAt"),
    ] {
        let mut body = json!({ "sessionId": session.id, "to": BOB, "body": "x" });
        body.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let refused = tenant.post("/messages/send", &body).await.expect(400);
        refused.assert_is_problem();
        assert_eq!(refused.fields(), [field], "{times}");
    }
    stage.stop().await;
}

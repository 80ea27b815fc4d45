//! Nothing that was verified is thrown away: unknown events, unknown sessions, events without consequence
//! (W4, W6).

use acceptance::installation::Installation;
use acceptance::sessions::Session;
use acceptance::webhook::event;
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn an_unknown_event_is_kept_and_counted(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for payload in [json!({ "new": true }), json!(null), json!([1, 2]), json!("text")] {
        tenant.deliver(&event(&session, "hologram.received", &payload)).await.expect(200);
    }
    tenant.deliver(&event(&session, "message.ack", &json!({ "ack": "odd" }))).await.expect(200);
    let stats = tenant.webhooks_are("unrecognised", 5).await;
    assert_eq!(stats["byEvent"]["hologram.received"], 4);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn events_without_consequence_are_kept_too(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let names = [
        "message.reaction",
        "message.edited",
        "message.revoked",
        "session.qr",
        "state.change",
        "call.received",
        "api.error",
        "group.v2.join",
        "presence.update",
    ];
    for name in names {
        tenant.deliver(&event(&session, name, &json!({ "id": "x" }))).await.expect(200);
    }
    let stats = tenant.webhooks_are("ignored", u64::try_from(names.len()).unwrap()).await;
    for name in names {
        assert_eq!(stats["byEvent"][name], 1, "{name}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_webhook_of_a_session_nobody_knows_is_kept_as_nobodys(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let stranger = Session { id: String::new(), waha_name: "made-elsewhere".to_owned() };
    let webhook = acceptance::webhook::arrival(&stranger, "AA", "6281234567890@c.us", "hello?");
    tenant.deliver(&webhook).await.expect(200);
    tenant.webhooks_are("orphaned", 1).await;
    assert_eq!(tenant.get("/messages").await.rows().len(), 0);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_webhooks_are_told_in_numbers_and_in_health(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let nobody = stage.nobody();
    let stranger = Session { id: String::new(), waha_name: "stranger".to_owned() };
    nobody
        .deliver(&event(&stranger, "message", &json!({ "body": "x".repeat(2_000) })))
        .await
        .expect(200);
    let stats = nobody.webhooks_are("orphaned", 1).await;
    assert_eq!((&stats["receivedLastDay"], &stats["receivedLastHour"]), (&json!(1), &json!(1)));
    assert_eq!((&stats["unprocessed"], &stats["oldestUnprocessedAt"]), (&json!(0), &Value::Null));
    assert!(stats["maxBytes"].as_u64().is_some_and(|bytes| bytes > 2_000), "{stats}");
    assert!(stats["averageBytes"].as_f64().is_some_and(|bytes| bytes > 2_000.0), "{stats}");
    assert!(
        stats["lagMs"]["p95"].as_f64().is_some_and(|ms| (0.0..20_000.0).contains(&ms)),
        "{stats}"
    );

    let health = nobody.get("/webhooks/health").await.expect(200).body;
    assert_eq!(health["status"], "ok");
    assert!(health["services"].is_object() && health["timestamp"].is_string(), "{health}");
    assert!(health["uptime"].is_u64(), "{health}");
    stage.stop().await;
}

//! What is no webhook is refused with 400, and the field at fault is named (W5).

use acceptance::clock;
use acceptance::installation::Installation;
use acceptance::setup::WEBHOOK_SECRET;
use acceptance::webhook::arrival;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

const BODY_BYTES_MAX: usize = 5 * 1024 * 1024;

#[sqlx::test(migrations = "../migrations")]
async fn the_field_at_fault_is_named(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let nobody = stage.nobody();
    let tomorrow = (clock::now() + TimeDelta::days(2)).timestamp_millis();
    for (webhook, field) in [
        (json!({ "session": "s", "payload": {} }), "event"),
        (json!({ "event": 7, "session": "s" }), "event"),
        (json!({ "event": "", "session": "s" }), "event"),
        (json!({ "event": "x".repeat(1_000), "session": "s" }), "event"),
        (json!({ "event": "message" }), "session"),
        (json!({ "event": "message", "session": ["s"] }), "session"),
        (json!({ "event": "message", "session": "a\0b" }), "session"),
        (json!({ "event": "message", "session": "s", "id": {} }), "id"),
        (json!({ "event": "message", "session": "s", "timestamp": tomorrow }), "timestamp"),
    ] {
        let refused = nobody.deliver(&webhook).await;
        assert_eq!(refused.status, 400, "{webhook}");
        refused.assert_is_problem();
        assert_eq!(refused.fields(), [field], "{webhook}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_even_json_is_refused(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let nobody = stage.nobody();
    let deep = "[".repeat(200_000);
    let bodies: [&[u8]; 8] = [
        b"",
        b"null",
        b"[]",
        b"\"x\"",
        b"{",
        b"\xff\xfe",
        b"{\"event\":\"\xc3\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let refused = nobody.send(nobody.signed_webhook(WEBHOOK_SECRET, body)).await;
        assert_eq!(
            refused.status,
            400,
            "{:?}",
            String::from_utf8_lossy(&body[..body.len().min(20)])
        );
        refused.assert_is_problem();
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_webhook_may_be_large_but_not_too_large(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let mut webhook = arrival(&session, "3EB0AA", "6281234567890@c.us", "with a thumbnail");
    webhook["payload"]["_data"] = json!({ "thumbnail": "x".repeat(BODY_BYTES_MAX - 4_096) });
    tenant.deliver(&webhook).await.expect(200);

    webhook["payload"]["_data"] = json!({ "thumbnail": "x".repeat(BODY_BYTES_MAX) });
    let refused = tenant.deliver(&webhook).await.expect(413);
    refused.assert_is_problem();
    assert_eq!(refused.codes(), ["VALID_BODY_TOO_LARGE"]);
    stage.stop().await;
}

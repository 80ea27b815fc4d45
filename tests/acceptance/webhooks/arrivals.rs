//! Messages from others: stored, listed, searchable, whatever they hold (M14, W4).

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::sessions::Session;
use acceptance::webhook::{arrival, event};
use serde_json::{Value, json};
use sqlx::PgPool;

const BOB: &str = "6281234567890@c.us";

/// The only message received, once it is there.
async fn received(tenant: &Caller) -> Value {
    let look = async || tenant.get("/messages?direction=inbound").await.rows().to_vec();
    eventually("it is received", look, |rows| rows.len() == 1).await.remove(0)
}

async fn start(pool: PgPool) -> (Installation, Caller, Session) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    (stage, tenant, session)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_from_somebody_is_shown_listed_and_found(pool: PgPool) {
    let (stage, tenant, session) = start(pool).await;
    let waha_id = stage.waha.receive(&session.waha_name, BOB, "Is the shop open?").unwrap();
    let row = received(&tenant).await;
    let id = row["id"].as_str().unwrap();
    let message = tenant.message(id).await;
    assert_eq!(message, row);
    for (field, value) in [
        ("sessionId", json!(session.id)),
        ("direction", json!("inbound")),
        ("from", json!("+6281234567890")),
        ("to", Value::Null),
        ("body", json!("Is the shop open?")),
        ("type", json!("text")),
        ("status", json!("delivered")),
        ("priority", Value::Null),
        ("attempts", json!(0)),
        ("wahaMessageId", json!(waha_id)),
    ] {
        assert_eq!(message[field], value, "{field}");
    }
    for search in ["shop", "SHOP%20open", "812345678"] {
        let found = tenant.get(&format!("/messages?direction=inbound&search={search}")).await;
        assert_eq!(found.expect(200).rows().len(), 1, "{search}");
    }
    assert_eq!(tenant.get("/messages?search=closed").await.rows().len(), 0);
    tenant.story_becomes(id, &["message_received"]).await;
    assert_eq!(tenant.history(id).await[0]["metadata"]["actor"]["kind"], "webhook_saga");
    tenant.act(&format!("/dead-letters/{id}/redrive")).await.expect(409);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_stored_or_shown_is_cleaned_and_nothing_is_lost(pool: PgPool) {
    let (stage, tenant, session) = start(pool).await;
    let text = r"nul:\u0000 bell:\u0007 half:\ud83d whole:\ud83d\ude00 rtl:\u202e é 漢";
    let webhook = arrival(&session, "3EB0AA", BOB, "PLACE").to_string().replace("PLACE", text);
    let signed = tenant.signed_webhook(acceptance::setup::WEBHOOK_SECRET, webhook);
    tenant.send(signed).await.expect(200);
    let row = received(&tenant).await;
    assert_eq!(row["body"], "nul: bell: half:\u{fffd} whole:😀 rtl:\u{202e} é 漢");
    let found = tenant.get("/messages?search=%E6%BC%A2").await.expect(200);
    assert_eq!(found.rows().len(), 1);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_older_format_is_understood(pool: PgPool) {
    let (stage, tenant, session) = start(pool).await;
    let mut webhook = json!({
        "event": "message.text", "session": session.waha_name, "timestamp": "1766000000",
        "payload": { "id": "waha_msg_1", "from": "+6281234567890", "body": "Hello", "type": "text" },
    });
    tenant.deliver(&webhook).await.expect(200);
    let row = received(&tenant).await;
    assert_eq!((&row["from"], &row["body"]), (&json!("+6281234567890"), &json!("Hello")));
    assert_eq!(row["createdAt"], "2025-12-17T19:33:20Z");
    assert_eq!(tenant.deliver(&webhook).await.data()["repeated"], true, "its body is its identity");
    webhook["payload"]["id"] = json!("waha_msg_2");
    assert_eq!(tenant.deliver(&webhook).await.data()["repeated"], false);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn media_groups_and_hidden_numbers_are_told_apart(pool: PgPool) {
    let (stage, tenant, session) = start(pool).await;
    let image = json!({
        "id": "false_120363000000000000@g.us_IMG1_6281234567890@c.us",
        "from": "120363000000000000@g.us", "participant": "6281234567890@c.us", "fromMe": false,
        "body": "look", "hasMedia": true, "media": { "mimetype": "image/jpeg", "url": "http://w/f" },
    });
    tenant.deliver(&event(&session, "message", &image)).await.expect(200);
    let hidden = json!({
        "id": "false_222222222222222@lid_LID1", "from": "222222222222222@lid", "fromMe": false,
        "body": "guess who", "_data": { "key": { "remoteJidAlt": "6289999999999@s.whatsapp.net" } },
    });
    tenant.deliver(&event(&session, "message", &hidden)).await.expect(200);

    let image = async || tenant.get("/messages?type=image").await.rows().to_vec();
    let image = eventually("the picture is received", image, |rows| rows.len() == 1).await;
    assert_eq!((&image[0]["from"], &image[0]["body"]), (&json!("+6281234567890"), &json!("look")));
    let hidden = async || tenant.get("/messages?from=%2B6289999999999").await.rows().to_vec();
    eventually("the hidden number is told", hidden, |rows| rows.len() == 1).await;
    stage.stop().await;
}

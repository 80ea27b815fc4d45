//! What a client is told of a message, from 202 to read.

use std::time::Duration;

use acceptance::installation::Installation;
use acceptance::messages::{BOB, BOBS_CHAT};
use acceptance::setup::Setup;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use waha_simulator::Outcome;

/// How far a status lies on the way of a message.
fn rank(message: &Value) -> usize {
    let way = ["queued", "sending", "sent", "delivered", "read"];
    let status = message["status"].as_str().unwrap();
    way.iter().position(|step| *step == status).unwrap_or_else(|| panic!("{status}"))
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value}"))
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_is_accepted_sent_delivered_and_read(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let body = json!({
        "sessionId": session.id, "to": "0812-3456-7890", "body": "Hello, Bob", "priority": "high",
        "metadata": { "order": 17, "tags": ["a", "b"] }, "clientReference": "order-17",
    });
    let before = acceptance::clock::now();

    let accepted = tenant.post("/messages/send", &body).await.expect(202);
    let id = accepted.text("id");
    assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    assert_eq!(accepted.header("location"), Some(format!("/messages/{id}").as_str()));
    assert!(accepted.header("x-request-id").is_some_and(|id| !id.is_empty()));
    assert_eq!(accepted.data()["status"], "queued");
    assert!(time(&accepted.data()["estimatedSendAt"]) >= before);

    let message = tenant.message_becomes(&id, "read").await;
    let told = |name: &str| message[name].clone();
    assert_eq!(told("id"), json!(id));
    assert_eq!(told("sessionId"), json!(session.id));
    assert_eq!(told("direction"), "outbound");
    assert_eq!(told("to"), BOB, "the tenant's default country reads a national number");
    assert_eq!(told("from"), Value::Null);
    assert_eq!(told("body"), "Hello, Bob");
    assert_eq!(told("type"), "text");
    assert_eq!(told("priority"), "high");
    assert_eq!(told("attempts"), 1);
    assert_eq!(told("lastError"), Value::Null);
    assert_eq!(told("metadata"), json!({ "order": 17, "tags": ["a", "b"] }));
    assert_eq!(told("clientReference"), "order-17");
    let times = ["createdAt", "sentAt", "deliveredAt", "readAt"].map(|name| time(&message[name]));
    assert!(times.is_sorted(), "{message}");

    let ledger = stage.waha.ledger();
    let [entry] = ledger.as_slice() else { panic!("sent once, and only this: {ledger:#?}") };
    assert_eq!((entry.text.as_str(), entry.chat_id.as_str()), ("Hello, Bob", BOBS_CHAT));
    assert_eq!((entry.session.as_str(), &entry.outcome), (&*session.waha_name, &Outcome::Sent));
    assert_eq!(told("wahaMessageId"), json!(entry.message_id));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_status_is_seen_to_move_forward_and_never_back(pool: PgPool) {
    let mut setup = Setup::default();
    setup.waha.ack_delay = Duration::from_millis(150);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;

    let id = tenant.send_text(&session, "step by step").await;
    let mut seen = vec![tenant.message(&id).await];
    while seen.last().is_none_or(|message| message["status"] != "read") {
        seen.push(tenant.message(&id).await);
        assert!(seen.len() < 5_000, "it is not read: {:?}", seen.last());
    }
    let ranks: Vec<_> = seen.iter().map(rank).collect();
    assert!(ranks.is_sorted(), "{ranks:?}");
    for status in ["sent", "delivered"] {
        assert!(seen.iter().any(|message| message["status"] == status), "never seen as {status}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn everything_is_served_under_the_versioned_prefix_too(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let account = stage.tenant().await.account().clone();
    let versioned = stage.nobody().at(format!("{}/api/v1", stage.url())).sign_in(&account).await;
    let session = versioned.session().await;

    let body = json!({ "sessionId": session.id, "to": BOB, "body": "by the other door" });
    let accepted = versioned.post("/messages/send", &body).await.expect(202);
    let id = accepted.text("id");
    assert_eq!(accepted.header("location"), Some(format!("/api/v1/messages/{id}").as_str()));
    versioned.message_becomes(&id, "read").await;
    for path in
        ["/messages", "/messages/stats", "/sessions", "/dead-letters", "/health", "/metrics"]
    {
        assert_eq!(versioned.get(path).await.status, 200, "{path}");
    }
    assert_eq!(versioned.history_until(&id, "message_read").await.len(), 5);
    stage.stop().await;
}

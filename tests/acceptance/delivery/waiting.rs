//! Why a message has not gone out yet is told in words, and how the queues stand in figures (D2, D7).

use acceptance::caller::Caller;
use acceptance::clock;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::somebody;
use acceptance::setup::Setup;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

/// Waits until this is told of a message; answers all that is.
async fn told(caller: &Caller, id: &str, code: &str) -> Value {
    let path = format!("/messages/{id}/why");
    let look = async || caller.get(&path).await.expect(200).data().clone();
    eventually(&format!("{code} is told"), look, |seen| seen["code"] == code).await
}

#[sqlx::test(migrations = "../migrations")]
async fn each_thing_in_a_messages_way_is_named_until_it_has_gone(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_RATE_PER_MINUTE", 1).unscanned();
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let first = tenant.send_text(&session, "first").await;
    let second = tenant.send_text(&session, "second").await;
    let other = tenant.send_to(&session, &somebody(1), "other").await;
    let tomorrow = (clock::now() + TimeDelta::days(1)).to_rfc3339();
    let later = json!({ "to": somebody(2), "body": "later", "sendAt": tomorrow });
    let later = tenant.send_as(&session, later).await;

    let waits = told(&tenant, &first, "session_not_working").await;
    assert!(waits["reason"].as_str().unwrap().contains("SCAN_QR_CODE"), "{waits}");
    assert!(told(&tenant, &later, "scheduled").await["until"].is_string());
    let queue = format!("/sessions/{}/queue", session.id);
    let hold = tenant.request(Method::PUT, &queue).json(&json!({ "mode": "hold" }));
    tenant.send(hold).await.expect(200);
    tenant.scan(&stage.waha, &session).await;
    told(&tenant, &first, "queue_held").await;

    let run = tenant.request(Method::PUT, &queue).json(&json!({ "mode": "run" }));
    tenant.send(run).await.expect(200);
    tenant.message_becomes(&first, "read").await;
    told(&tenant, &first, "read").await;
    let paced = told(&tenant, &other, "paced").await;
    assert!(paced["until"].as_str().unwrap() > clock::now().to_rfc3339().as_str(), "{paced}");
    told(&tenant, &second, "paced").await;

    let standing = tenant.get(&queue).await.expect(200).data().clone();
    assert_eq!(
        (&standing["queued"], &standing["inFlight"], &standing["ratePerMinute"]),
        (&json!(3), &json!(0), &json!(1)),
        "{standing}"
    );
    assert!(standing["oldestAt"].is_string() && standing["nextDueAt"].is_string(), "{standing}");
    let listed = tenant.get("/queue").await.expect(200);
    assert_eq!(listed.data().as_array().unwrap().len(), 1, "{:?}", listed.body);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_messages_place_in_its_chat_its_retry_and_its_doubt_are_told(pool: PgPool) {
    let setup = Setup::default()
        .set("DELIVERY_BACKOFF_BASE_MS", 3_600_000)
        .set("DELIVERY_BACKOFF_MAX_MS", 3_600_000);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let refused = Misbehaviour::Answer { status: 429, sent: false, exception: None };
    stage.waha.misbehave(Rule::once(Match::text("refused"), refused));
    let lost = Misbehaviour::Reset { sent: false };
    stage.waha.misbehave(Rule::once(Match::text("lost"), lost));

    let refused = tenant.send_text(&session, "refused").await;
    let behind = tenant.send_text(&session, "behind").await;
    let lost = tenant.send_to(&session, &somebody(1), "lost").await;
    let retried = told(&tenant, &refused, "not_due").await;
    assert!(retried["until"].is_string(), "{retried}");
    assert!(retried["reason"].as_str().unwrap().contains("Last error: "), "{retried}");
    let waits = told(&tenant, &behind, "behind_in_chat").await;
    assert!(waits["reason"].as_str().unwrap().starts_with("1 messages"), "{waits}");
    told(&tenant, &lost, "outcome_unknown").await;
    let standing = tenant.get("/queue").await.expect(200).data()[0].clone();
    assert_eq!((&standing["queued"], &standing["unknown"]), (&json!(2), &json!(1)), "{standing}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn other_tenants_queues_and_messages_are_none_of_ones_business(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let (tenant, stranger) = (stage.tenant().await, stage.tenant().await);
    let session = tenant.unscanned_session().await;
    let id = tenant.send_text(&session, "secret").await;
    tenant.message(&id).await;
    let path = format!("/sessions/{}/queue", session.id);
    assert_eq!(stranger.get(&path).await.expect(404).codes(), ["SESSION_NOT_FOUND"]);
    let why = stranger.get(&format!("/messages/{id}/why")).await.expect(404);
    assert_eq!(why.codes(), ["MESSAGE_NOT_FOUND"]);
    assert_eq!(stranger.get("/queue").await.expect(200).data(), &json!([]));
    stage.stop().await;
}

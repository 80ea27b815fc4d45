//! What was answered is answered again, and nothing more comes of it.

use acceptance::answer::Answer;
use acceptance::installation::Installation;
use acceptance::messages::ledger_of;
use acceptance::setup::Setup;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;
use waha_simulator::{Match, Misbehaviour, Rule};

/// Headers that are those of the first answer.
const SAME: [&str; 3] = ["content-type", "location", "x-event-position"];

fn assert_same(again: &Answer, first: &Answer) {
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes), "{again:?} {first:?}");
    for name in SAME {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert!(!first.is_replayed() && again.is_replayed(), "{first:?} {again:?}");
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert!(again.header("x-ratelimit-remaining").is_some(), "a replay is a request, too");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_asked_for_again_is_the_same_message(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let first = tenant.send_once("order-17", &session, "once").await.expect(202);
    assert!(first.header("location").is_some() && first.header("x-event-position").is_some());
    let again = tenant.send_once("order-17", &session, "once").await;
    assert_same(&again, &first);
    // In quotes, as the draft has it, and under the other prefix.
    let quoted = tenant.send_once("\"order-17\"", &session, "once").await;
    assert_same(&quoted, &first);
    let prefixed = tenant.at(format!("{}/api/v1", stage.url()));
    assert_same(&prefixed.send_once("order-17", &session, "once").await, &first);

    tenant.message_becomes(&first.text("id"), "read").await;
    assert_eq!(ledger_of(&stage.waha, "once").len(), 1);
    assert_eq!(tenant.get("/messages").await.expect(200).rows().len(), 1);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_key_or_under_another_it_is_another_message(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let mut ids = vec![
        tenant.send_once("a", &session, "twice").await.expect(202).text("id"),
        tenant.send_once("b", &session, "twice").await.expect(202).text("id"),
        tenant.send_text(&session, "twice").await,
        tenant.send_text(&session, "twice").await,
    ];
    assert!(ids.is_sorted(), "ids sort by time: {ids:?}");
    ids.dedup();
    assert_eq!(ids.len(), 4);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refusal_that_was_decided_is_told_again(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let path = format!("/messages/{}/settle", Uuid::from_u128(17));
    let body = json!({ "as": "sent" });
    let first = tenant.post_once("k", &path, &body).await.expect(404);
    let again = tenant.post_once("k", &path, &body).await;
    assert_same(&again, &first);
    assert_eq!(again.codes(), ["MESSAGE_NOT_FOUND"]);

    let session = tenant.session().await;
    let name = json!({ "name": "main" });
    let first = tenant.post_once("k", "/sessions", &name).await.expect(409);
    assert_same(&tenant.post_once("k", "/sessions", &name).await, &first);
    // Though it would be possible now.
    tenant.delete(&format!("/sessions/{}", session.id)).await.expect(204);
    assert_same(&tenant.post_once("k", "/sessions", &name).await, &first);
    tenant.post_once("another", "/sessions", &name).await.expect(201);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_asked_for_again_is_the_same_session(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let body = json!({ "name": "main" });
    let first = tenant.post_once("k", "/sessions", &body).await.expect(201);
    assert_same(&tenant.post_once("k", "/sessions", &body).await, &first);
    assert_eq!(tenant.get("/sessions").await.expect(200).rows().len(), 1);

    let path = format!("/sessions/{}", first.text("id"));
    let stopped = tenant.act_once("k", &format!("{path}/stop")).await.expect(200);
    assert_same(&tenant.act_once("k", &format!("{path}/stop")).await, &stopped);
    let delete = || tenant.request(Method::DELETE, &path).header("Idempotency-Key", "k");
    let deleted = tenant.send(delete()).await.expect(204);
    assert_same(&tenant.send(delete()).await, &deleted);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_dead_letter_is_sent_again_once(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_MAX_ATTEMPTS", 1);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let refusal = Misbehaviour::Answer { status: 404, sent: false, exception: None };
    stage.waha.misbehave(Rule::always(Match::text("lost"), refusal));
    let id = tenant.send_text(&session, "lost").await;
    let path = format!("/dead-letters/{id}/redrive");
    let story = ["message_queued", "message_attempt_started", "message_attempt_refused"];
    let given_up = [&story[..], &["message_dead_lettered"]].concat();
    tenant.story_becomes(&id, &given_up).await;

    let first = tenant.act_once("k", &path).await.expect(202);
    let again = [&given_up[..], &["message_redriven"], &story[1..], &given_up[3..]].concat();
    tenant.story_becomes(&id, &again).await;
    // It is a dead letter again, and would be sent a third time.
    assert_same(&tenant.act_once("k", &path).await, &first);
    tenant.story_becomes(&id, &again).await;
    let discard = || {
        let path = format!("/dead-letters/{id}");
        tenant.request(Method::DELETE, &path).header("Idempotency-Key", "k")
    };
    let discarded = tenant.send(discard()).await.expect(204);
    assert_same(&tenant.send(discard()).await, &discarded);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn problems_are_told_again_in_the_form_they_were_told_in(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let path = format!("/dead-letters/{}/redrive", Uuid::from_u128(17));
    let request = || tenant.request(Method::POST, &path).header("Idempotency-Key", "k");
    let first = tenant.send(request().header("Accept", "application/problem+json")).await;
    assert_eq!(first.header("content-type"), Some("application/problem+json"));
    assert_same(&tenant.send(request()).await, &first);
    stage.stop().await;
}

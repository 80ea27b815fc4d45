//! PostgreSQL goes away and comes back (X1, D1).

use std::sync::Arc;

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{BOB, ledger_of};
use acceptance::proxy::Proxy;
use acceptance::setup::Setup;
use acceptance::webhook::arrival;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

/// An installation whose line to the database can be cut.
async fn start(pool: PgPool) -> (Installation, Arc<Proxy>) {
    let line = Proxy::to_server_of(&pool).await;
    let setup = Setup::default().database_through(&line);
    (Installation::start_with(pool, setup).await, line)
}

fn assert_is_unavailable(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 503, "{what}: {:?}", answer.body);
    let wait = answer.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    assert!(wait.is_some_and(|seconds| seconds >= 1), "{what}: when to try again is not told");
}

async fn is_well(caller: &Caller) {
    let look = async || caller.get("/health").await.body;
    eventually("all is well again", look, |health| health["status"] == "ok").await;
}

#[sqlx::test(migrations = "../migrations")]
async fn while_the_database_is_away_every_answer_says_so_and_then_all_is_well(pool: PgPool) {
    let (stage, line) = start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let before = tenant.send_text(&session, "before").await;
    tenant.message_becomes(&before, "read").await;

    line.cut().await;
    let paths = ["/health", "/health/db", "/health/ready", "/webhooks/health"];
    for (path, health) in paths.iter().zip(join_all(paths.map(|path| tenant.get(path))).await) {
        assert_is_unavailable(&health, path);
        assert_eq!(health.body["status"], "unavailable");
    }
    tenant.get("/health/live").await.expect(200);
    let body = json!({ "sessionId": session.id, "to": BOB, "body": "meanwhile" });
    let signed = acceptance::webhook::event(&session, "message", &json!({}));
    let requests = [
        tenant.request(Method::GET, "/messages"),
        tenant.request(Method::GET, &format!("/messages/{before}")),
        tenant.request(Method::GET, "/sessions"),
        tenant.request(Method::GET, "/messages/stats"),
        tenant.request(Method::POST, "/messages/send").json(&body),
        tenant.request(Method::POST, "/sessions").json(&json!({ "name": "other" })),
        tenant.request(Method::POST, "/auth/login").json(&tenant.account().login()),
        tenant.signed_webhook(acceptance::setup::WEBHOOK_SECRET, signed.to_string()),
    ];
    let answers = join_all(requests.map(|request| tenant.send(request))).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_is_unavailable(answer, &format!("request {n}"));
        answer.assert_is_problem();
    }

    line.restore().await;
    is_well(&tenant).await;
    let after = tenant.send_text(&session, "after").await;
    tenant.message_becomes(&after, "read").await;
    assert_eq!(tenant.message(&before).await["status"], "read");
    assert!(ledger_of(&stage.waha, "meanwhile").is_empty(), "what was refused was sent");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_accepted_before_an_outage_is_delivered_once_after_it(pool: PgPool) {
    let (stage, line) = start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::always(
        Match::text("n flight"),
        Misbehaviour::Delay { milliseconds: 700 },
    ));
    let flying = tenant.send_text(&session, "in flight").await;
    let look = async || ledger_of(&stage.waha, "in flight").len();
    eventually("the call is on its way", look, |count| *count == 1).await;
    let queued = tenant.send_text(&session, "queued").await;

    line.cut().await;
    assert_is_unavailable(&tenant.get("/health/db").await, "the database");
    // The call ends while nobody can write down how.
    let is_over = async || ledger_of(&stage.waha, "in flight")[0].outcome.clone();
    eventually("the call is over", is_over, |end| *end == waha_simulator::Outcome::Sent).await;
    line.restore().await;

    let message = tenant.message_becomes(&flying, "read").await;
    assert_eq!(message["attempts"], 1);
    tenant.message_becomes(&queued, "read").await;
    for text in ["in flight", "queued"] {
        assert_eq!(ledger_of(&stage.waha, text).len(), 1, "{text}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_webhook_refused_during_an_outage_is_taken_when_waha_repeats_it(pool: PgPool) {
    let (stage, line) = start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let webhook = arrival(&session, "3EB0AA", "6281234567890@c.us", "patient");
    line.cut().await;
    assert_is_unavailable(&tenant.deliver(&webhook).await, "a webhook");
    line.restore().await;
    is_well(&tenant).await;
    assert_eq!(tenant.deliver(&webhook).await.expect(200).data()["repeated"], false);
    let look = async || tenant.get("/messages?search=patient").await.rows().len();
    eventually("it is received", look, |count| *count == 1).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_outage_that_comes_again_and_again_is_survived(pool: PgPool) {
    let (stage, line) = start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let mut accepted = Vec::new();
    for round in 0..3 {
        let text = format!("round {round}");
        let body = json!({ "sessionId": session.id, "to": BOB, "body": text });
        let (answer, ()) = tokio::join!(tenant.post("/messages/send", &body), line.cut());
        if answer.status == 202 {
            accepted.push((text, answer.text("id")));
        } else {
            assert_eq!(answer.status, 503, "{:?}", answer.body);
        }
        line.restore().await;
        is_well(&tenant).await;
    }
    for (text, id) in &accepted {
        let look = async || tenant.message(id).await["status"].clone();
        eventually(text, look, |status| status == "read").await;
    }
    for entry in stage.waha.ledger() {
        assert_eq!(ledger_of(&stage.waha, &entry.text).len(), 1, "{}", entry.text);
    }
    stage.stop().await;
}

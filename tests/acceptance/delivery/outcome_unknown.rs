//! What may have been sent is never sent again: it is shown as `unknown` until there is proof (D4, D5).

use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, somebody};
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use acceptance::webhook;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

fn answer(status: u16, sent: bool) -> Misbehaviour {
    Misbehaviour::Answer { status, sent, exception: None }
}

/// WAHA does this to the message, and its webhooks tell nothing of it.
fn silently(stage: &Installation, text: &str, misbehaviour: Misbehaviour) {
    stage.waha.misbehave(Rule::once(Match::text(text), misbehaviour));
    stage.waha.misbehave(Rule::once(Match::text(text), Misbehaviour::NoAcks));
    let echo = Match { event: Some("message.any".to_owned()), ..Match::text(text) };
    stage.waha.misbehave(Rule::once(echo, Misbehaviour::DropWebhook));
}

/// Sends each of these to somebody else and waits until all are unknown.
async fn unknown(
    stage: &Installation,
    tenant: &Caller,
    session: &Session,
    cases: &[(&'static str, Misbehaviour)],
) -> Vec<String> {
    let mut ids = Vec::new();
    for (n, (text, misbehaviour)) in cases.iter().enumerate() {
        silently(stage, text, misbehaviour.clone());
        ids.push(tenant.send_to(session, &somebody(n), text).await);
    }
    for id in &ids {
        let message = tenant.message_becomes(id, "unknown").await;
        assert_eq!(message["attempts"], 1);
        assert!(message["lastError"].is_string(), "{message}");
    }
    ids
}

/// A later message to each of the chats goes through, before and after a restart, and still each was sent once.
async fn assert_never_sent_again(
    mut stage: Installation,
    tenant: &Caller,
    session: &Session,
    cases: &[(&'static str, Misbehaviour)],
    ids: &[String],
) {
    for round in ["before a restart", "after a restart"] {
        let mut following = Vec::new();
        for n in 0..cases.len() {
            following.push(tenant.send_to(session, &somebody(n), round).await);
        }
        for next in following {
            tenant.message_becomes(&next, "read").await;
        }
        stage = stage.restarted().await;
    }
    for ((text, _), id) in cases.iter().zip(ids) {
        assert_eq!(ledger_of(&stage.waha, text).len(), 1, "{text} was sent again");
        assert_eq!(tenant.message(id).await["status"], "unknown", "{text}");
    }
    assert_eq!(tenant.get("/dead-letters").await.rows().len(), 0);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_broken_connection_or_a_5xx_leaves_the_outcome_unknown(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let cases = [
        ("reset after sending", Misbehaviour::Reset { sent: true }),
        ("reset without sending", Misbehaviour::Reset { sent: false }),
        ("500 after sending", answer(500, true)),
        ("500 without sending", answer(500, false)),
        ("502 after sending", answer(502, true)),
        ("503 without sending", answer(503, false)),
        ("504 after sending", answer(504, true)),
        ("408 without sending", answer(408, false)),
    ];
    let ids = unknown(&stage, &tenant, &session, &cases).await;
    assert_never_sent_again(stage, &tenant, &session, &cases, &ids).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn no_answer_in_time_leaves_the_outcome_unknown(pool: PgPool) {
    // The shortest time that can be set: WAHA itself may hold a request for 15 seconds.
    let stage =
        Installation::start_with(pool, Setup::default().set("WAHA_TIMEOUT_SECONDS", 16)).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let cases = [
        ("hangs after sending", Misbehaviour::Hang { sent: true }),
        ("hangs without sending", Misbehaviour::Hang { sent: false }),
    ];
    let ids = unknown(&stage, &tenant, &session, &cases).await;
    assert_never_sent_again(stage, &tenant, &session, &cases, &ids).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_later_acknowledgement_is_proof(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let cases = [("in doubt", Misbehaviour::Reset { sent: true })];
    let ids = unknown(&stage, &tenant, &session, &cases).await;
    let chosen = tenant.message(&ids[0]).await["wahaMessageId"].as_str().unwrap().to_owned();

    tenant.deliver(&webhook::ack(&session, &chosen, 1)).await.expect(200);
    let sent = tenant.message_becomes(&ids[0], "sent").await;
    assert_eq!(sent["lastError"], Value::Null);
    let last = tenant.history_until(&ids[0], "message_sent").await.pop().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["evidence"]),
        (&json!("message_sent"), &json!("acknowledgement"))
    );
    tenant.deliver(&webhook::ack(&session, &chosen, 3)).await.expect(200);
    tenant.message_becomes(&ids[0], "read").await;
    assert_eq!(ledger_of(&stage.waha, "in doubt").len(), 1);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_echo_of_a_message_is_proof_too(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::once(Match::text("echo"), answer(500, true)));
    stage.waha.misbehave(Rule::once(Match::text("echo"), Misbehaviour::NoAcks));
    let id = tenant.send_text(&session, "echo").await;
    tenant.message_becomes(&id, "sent").await;
    assert_eq!(ledger_of(&stage.waha, "echo").len(), 1);
    stage.stop().await;
}

//! An unknown outcome is settled by looking in WAHA: sent is recorded, proven absent is sent again under the same id,
//! what cannot be decided stays unknown or goes as the policy says (D5).

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, sent_texts, somebody};
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use domain::message::doubt::OnUnknown;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Engine, LedgerEntry, Match, Misbehaviour, Rule};

const TEXT: &str = "in doubt";
/// What WAHA is asked to show: Bob's chat.
const LIST: &str = "/chats/6281234567890@c.us/messages";

/// Doubts are settled as fast as can be set: the first look comes after a twelfth of a second.
fn quick() -> Setup {
    Setup::default().set("DELIVERY_SETTLE_AFTER_SECONDS", 1)
}

/// The answer to the message is lost, and its webhooks too.
fn lose_the_answer(stage: &Installation, sent: bool) {
    stage.waha.misbehave(Rule::once(Match::text(TEXT), Misbehaviour::Reset { sent }));
    stage.waha.misbehave(Rule::once(Match::text(TEXT), Misbehaviour::NoAcks));
    if sent {
        let echo = Match { event: Some("message.any".to_owned()), ..Match::text(TEXT) };
        stage.waha.misbehave(Rule::once(echo, Misbehaviour::DropWebhook));
    }
}

async fn begin(pool: PgPool, setup: Setup) -> (Installation, Caller, Session) {
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    (stage, tenant, session)
}

/// WAHA's list of the chat answers like this from now on.
fn blind(stage: &Installation, session: &Session, status: u16) {
    let path = format!("/api/{}{LIST}", session.waha_name);
    let answer = Misbehaviour::Answer { status, sent: false, exception: None };
    stage.waha.misbehave(Rule::always(Match::path(path), answer));
}

fn requested_ids(entries: &[LedgerEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.requested_id.as_deref().unwrap()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_sent_is_found_and_recorded_as_sent(pool: PgPool) {
    let (stage, tenant, session) = begin(pool, quick()).await;
    lose_the_answer(&stage, true);
    let id = tenant.send_text(&session, TEXT).await;
    let sent = tenant.message_becomes(&id, "sent").await;
    assert_eq!(sent["lastError"], Value::Null);
    let story = ["message_queued", "message_attempt_started", "message_outcome_unknown"];
    let history = tenant.history_until(&id, "message_sent").await;
    assert!(history.iter().zip(story).all(|(event, name)| event["type"] == name), "{history:#?}");
    assert_eq!(history.last().unwrap()["data"]["evidence"], "lookup");
    assert_eq!(ledger_of(&stage.waha, TEXT).len(), 1);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_proven_absent_is_sent_again_under_the_same_id(pool: PgPool) {
    let (stage, tenant, session) = begin(pool, quick()).await;
    lose_the_answer(&stage, false);
    let id = tenant.send_text(&session, TEXT).await;
    tenant.message_becomes(&id, "read").await;
    let history = tenant.history_until(&id, "message_read").await;
    let count = |name: &str| history.iter().filter(|event| event["type"] == name).count();
    assert_eq!(count("message_absence_proven"), 1, "{history:#?}");
    assert_eq!(count("message_attempt_started"), 2);
    let absences: Vec<_> = history
        .iter()
        .filter(|event| event["type"] == "message_looked_up")
        .map(|event| (event["data"]["finding"].clone(), event["data"]["absences"].clone()))
        .collect();
    let proof = [(json!("absent"), json!(1)), (json!("absent"), json!(2))];
    assert_eq!(absences[absences.len() - 2..], proof);

    let ledger = ledger_of(&stage.waha, TEXT);
    let ids = requested_ids(&ledger);
    assert_eq!((ids.len(), ids[0]), (2, ids[1]));
    assert_eq!(sent_texts(&stage.waha), [TEXT]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn no_answer_in_time_is_settled_too(pool: PgPool) {
    let setup = quick().set("WAHA_TIMEOUT_SECONDS", 16);
    let (stage, tenant, session) = begin(pool, setup).await;
    for (text, sent) in [("hangs, sent", true), ("hangs, not sent", false)] {
        stage.waha.misbehave(Rule::once(Match::text(text), Misbehaviour::Hang { sent }));
        let echo = Match { event: Some("message.any".to_owned()), ..Match::text(text) };
        if sent {
            stage.waha.misbehave(Rule::once(echo, Misbehaviour::DropWebhook));
            stage.waha.misbehave(Rule::once(Match::text(text), Misbehaviour::NoAcks));
        }
    }
    let found = tenant.send_to(&session, &somebody(1), "hangs, sent").await;
    let absent = tenant.send_to(&session, &somebody(2), "hangs, not sent").await;
    tenant.message_becomes(&found, "unknown").await;
    tenant.message_becomes(&found, "sent").await;
    tenant.message_becomes(&absent, "read").await;
    let mut sent = sent_texts(&stage.waha);
    sent.sort();
    assert_eq!(sent, ["hangs, not sent", "hangs, sent"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn where_the_engine_chooses_the_id_the_text_tells(pool: PgPool) {
    let (stage, tenant, session) = begin(pool, quick().engine(Engine::Webjs)).await;
    let before = tenant.send_text(&session, TEXT).await;
    tenant.message_becomes(&before, "read").await;
    for sent in [true, false] {
        lose_the_answer(&stage, sent);
        let id = tenant.send_text(&session, TEXT).await;
        let settled = tenant.message_becomes(&id, if sent { "sent" } else { "read" }).await;
        let entries = ledger_of(&stage.waha, TEXT);
        assert_eq!(settled["wahaMessageId"], json!(entries.last().unwrap().message_id));
    }
    assert_eq!(sent_texts(&stage.waha), [TEXT; 3], "each of the three went once");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_older_waha_that_throws_our_id_away_is_not_asked_to_send_twice(pool: PgPool) {
    let mut setup = quick();
    setup.waha.ignore_chosen_ids = true;
    let (stage, tenant, session) = begin(pool, setup).await;
    lose_the_answer(&stage, true);
    let id = tenant.send_text(&session, TEXT).await;
    let sent = tenant.message_becomes(&id, "sent").await;
    let ledger = ledger_of(&stage.waha, TEXT);
    assert_eq!((ledger.len(), &sent["wahaMessageId"]), (1, &json!(ledger[0].message_id)));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_decided_stays_unknown_with_its_reason_until_a_person_settles_it(
    pool: PgPool,
) {
    // The tenant's own policy goes before the installation's.
    let (stage, tenant, session) = begin(pool, quick().set("DELIVERY_ON_UNKNOWN", "resend")).await;
    stage.directory().set_policy(tenant.tenant_id(), OnUnknown::Hold).await;
    blind(&stage, &session, 400);
    let mut left = Vec::new();
    for (text, settlement, status) in
        [("one", "sent", "sent"), ("two", "resend", "read"), ("three", "failed", "failed")]
    {
        stage.waha.misbehave(Rule::once(Match::text(text), Misbehaviour::Reset { sent: false }));
        left.push((tenant.send_text(&session, text).await, settlement, status));
    }
    for (id, settlement, status) in &left {
        let story = tenant.history_until(id, "message_left_unknown").await;
        let reason = story.last().unwrap()["data"]["reason"].as_str().unwrap();
        assert!(reason.contains("WAHA refused"), "{reason}");
        let message = tenant.message(id).await;
        assert_eq!(
            (&message["status"], &message["lastError"]),
            (&json!("unknown"), &json!(reason))
        );

        let path = format!("/messages/{id}/settle");
        tenant.post(&path, &json!({ "as": "done" })).await.expect(400);
        let settled = tenant.post(&path, &json!({ "as": settlement })).await.expect(200);
        assert_eq!(settled.data()["messageId"], json!(id));
        tenant.message_becomes(id, status).await;
        tenant.post(&path, &json!({ "as": "sent" })).await.expect(409);
    }
    let failed = tenant.dead_letter(&left[2].0).await;
    assert_eq!(failed["reason"], "declared_failed");
    assert_eq!(sent_texts(&stage.waha), ["two"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn by_the_policy_resend_what_cannot_be_decided_is_sent_again_once(pool: PgPool) {
    let (stage, tenant, session) = begin(pool, quick().set("DELIVERY_ON_UNKNOWN", "resend")).await;
    blind(&stage, &session, 400);
    let twice = Match::text(TEXT);
    stage.waha.misbehave(Rule::always(twice, Misbehaviour::Reset { sent: false }));
    let id = tenant.send_text(&session, TEXT).await;
    let is_ordered = |event: &&Value| event["type"] == "message_resend_ordered";
    let look = async || tenant.history(&id).await;
    eventually("it is sent again", look, |seen| seen.iter().any(|event| is_ordered(&event))).await;
    let history = tenant.history_until(&id, "message_left_unknown").await;
    let ordered: Vec<_> = history.iter().filter(is_ordered).collect();
    assert_eq!(ordered.len(), 1, "{history:#?}");
    assert_eq!(ordered[0]["data"]["by"], "policy");
    let ledger = ledger_of(&stage.waha, TEXT);
    let ids = requested_ids(&ledger);
    assert_eq!((ids.len(), ids[0]), (2, ids[1]));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn absence_is_not_believed_of_a_waha_that_was_restarted_and_shows_nothing_older(
    pool: PgPool,
) {
    let setup = Setup::default().set("DELIVERY_SETTLE_AFTER_SECONDS", 2);
    let (stage, tenant, session) = begin(pool, setup).await;
    lose_the_answer(&stage, false);
    let id = tenant.send_text(&session, TEXT).await;
    tenant.message_becomes(&id, "unknown").await;
    stage.waha.restart_losing_memory();
    // The fourth look is the first that absence would count in.
    let look = async || tenant.history(&id).await;
    let is_fourth = |event: &Value| event["data"]["look"] == 4;
    let history = eventually("it is looked for", look, |seen| seen.iter().any(is_fourth)).await;
    let fourth = history.iter().find(|event| is_fourth(event)).unwrap();
    assert_eq!(fourth["data"]["finding"], "undecidable");
    let reason = fourth["data"]["reason"].as_str().unwrap();
    assert!(reason.contains("restarted"), "{reason}");
    assert_eq!(ledger_of(&stage.waha, TEXT).len(), 1);
    stage.stop().await;
}

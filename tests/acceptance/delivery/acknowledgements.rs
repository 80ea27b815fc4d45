//! Acknowledgements arrive early, late, twice, in any order, or as a rejection; a status never goes back (M4).

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, somebody};
use acceptance::setup::Setup;
use acceptance::webhook;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{LedgerEntry, Match, Misbehaviour, Outcome, Rule};

#[sqlx::test(migrations = "../migrations")]
async fn acknowledgements_before_the_answer_are_kept(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::once(Match::text("early"), Misbehaviour::AckBeforeAnswer));
    let id = tenant.send_text(&session, "early").await;
    let read = tenant.message_becomes(&id, "read").await;
    assert_eq!(read["attempts"], 1);
    let story = tenant.story_until(&id, "message_read").await;
    assert_eq!(story.iter().filter(|event| *event == "message_sent").count(), 1, "{story:?}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_rejection_by_whatsapp_makes_a_dead_letter(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::once(Match::text("unwanted"), Misbehaviour::AckError));
    let id = tenant.send_text(&session, "unwanted").await;
    let failed = tenant.message_becomes(&id, "failed").await;
    assert_eq!(failed["attempts"], 1);
    let letter = tenant.get(&format!("/dead-letters/{id}")).await.expect(200);
    assert_eq!(letter.data()["reason"], "rejected_by_whatsapp");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_rejection_that_overtakes_the_answer_is_not_undone_by_it(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let slow = Misbehaviour::Delay { milliseconds: 700 };
    stage.waha.misbehave(Rule::once(Match::text("hopeless"), slow));
    stage.waha.misbehave(Rule::once(Match::text("hopeless"), Misbehaviour::NoAcks));
    let id = tenant.send_text(&session, "hopeless").await;
    let look = async || ledger_of(&stage.waha, "hopeless");
    let sent =
        eventually("it is sent", look, |entries| entries.iter().any(LedgerEntry::is_sent)).await;
    let waha_id = sent[0].message_id.as_deref().unwrap();
    tenant.deliver(&webhook::ack(&session, waha_id, -1)).await.expect(200);
    tenant.message_becomes(&id, "failed").await;

    // WAHA's 201 says that it was handed over, which is not what WhatsApp made of it.
    eventually("WAHA answers", look, |entries| entries[0].outcome == Outcome::Sent).await;
    let next = tenant.send_text(&session, "next").await;
    tenant.message_becomes(&next, "read").await;
    assert_eq!(tenant.message(&id).await["status"], "failed");
    let letter = tenant.get(&format!("/dead-letters/{id}")).await.expect(200);
    assert_eq!(letter.data()["reason"], "rejected_by_whatsapp");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn reordered_and_repeated_acknowledgements_never_turn_a_status_back(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::once(Match::text("shuffled"), Misbehaviour::NoAcks));
    let id = tenant.send_text(&session, "shuffled").await;
    let sent = tenant.message_becomes(&id, "sent").await;
    let waha_id = sent["wahaMessageId"].as_str().unwrap();

    for level in [3, 1, 2, 3, 0, -1] {
        tenant.deliver(&webhook::ack(&session, waha_id, level)).await.expect(200);
    }
    tenant.webhooks_processed("message.ack", 6).await;
    let message = tenant.message(&id).await;
    assert_eq!(message["status"], "read");
    assert!(message["deliveredAt"].is_string(), "read implies delivered: {message}");
    let story = tenant.story_until(&id, "message_read").await;
    assert_eq!(story[story.len() - 2..], ["message_sent", "message_read"]);

    tenant.deliver(&webhook::ack(&session, waha_id, 4)).await.expect(200);
    tenant.message_becomes(&id, "played").await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn news_of_a_message_that_is_none_of_ours_is_kept_and_harmless(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    tenant.deliver(&webhook::ack(&session, "3EB0FFFFFFFFFFFFFFFFFF", 3)).await.expect(200);
    tenant.webhooks_are("held", 1).await;
    assert_eq!(tenant.get("/messages").await.body["meta"]["total"], json!(0));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_whatsapp_does_not_acknowledge_is_reported_once_and_may_still_arrive(
    pool: PgPool,
) {
    let setup = Setup::default().set("DELIVERY_ACK_DEADLINE_SECONDS", 3);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for text in ["at the server", "nowhere"] {
        stage.waha.misbehave(Rule::once(Match::text(text), Misbehaviour::NoAcks));
    }
    let acknowledged = tenant.send_to(&session, &somebody(1), "at the server").await;
    let sent = tenant.message_becomes(&acknowledged, "sent").await;
    let waha_id = sent["wahaMessageId"].as_str().unwrap();
    tenant.deliver(&webhook::ack(&session, waha_id, 1)).await.expect(200);
    tenant.webhooks_processed("message.ack", 1).await;

    let id = tenant.send_text(&session, "nowhere").await;
    let look = async || tenant.message(&id).await;
    let overdue = eventually("it is overdue", look, |seen| seen["ackOverdueAt"].is_string()).await;
    assert_eq!(overdue["status"], "sent");
    let waha_id = overdue["wahaMessageId"].as_str().unwrap();
    tenant.deliver(&webhook::ack(&session, waha_id, 3)).await.expect(200);
    assert_eq!(tenant.message_becomes(&id, "read").await["ackOverdueAt"], Value::Null);
    let story = tenant.story_until(&id, "message_read").await;
    assert_eq!(story.iter().filter(|event| *event == "message_ack_overdue").count(), 1);

    // The other was handed over before, so its time would have been over before.
    assert_eq!(tenant.message(&acknowledged).await["ackOverdueAt"], Value::Null);
    tenant.story_until(&acknowledged, "message_sent").await;
    stage.stop().await;
}

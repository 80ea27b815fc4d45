//! What is told twice happened once; what differs is never lost (W3).

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::webhook::arrival;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

const BOB: &str = "6281234567890@c.us";

async fn messages_are(tenant: &Caller, count: u64) {
    let look = async || tenant.get("/messages").await.body["meta"]["total"].clone();
    eventually(&format!("there are {count} messages"), look, |total| *total == count).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_repeated_webhook_is_taken_and_changes_nothing(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let webhook = arrival(&session, "3EB0AA", BOB, "only once");
    let first = tenant.deliver(&webhook).await.expect(200);
    assert_eq!(first.data()["repeated"], false);
    for _ in 0..3 {
        let again = tenant.deliver(&webhook).await.expect(200);
        assert_eq!(again.data()["repeated"], true);
        assert_eq!(again.data()["id"], first.data()["id"]);
    }
    tenant.webhook_stats("the repeats are counted", |stats| stats["repeats"] == 3).await;
    messages_are(&tenant, 1).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn many_deliveries_at_once_of_one_webhook_are_one(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let webhook = arrival(&session, "3EB0AA", BOB, "all at once");
    let answers = futures::future::join_all((0..8).map(|_| tenant.deliver(&webhook))).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200; 8]);
    let firsts = answers.iter().filter(|answer| answer.data()["repeated"] == false).count();
    assert_eq!(firsts, 1);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn message_and_message_any_are_two_facts_about_one_message(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.receive(&session.waha_name, BOB, "told by two names").unwrap();
    tenant.webhooks_processed("message", 1).await;
    tenant.webhooks_processed("message.any", 1).await;
    messages_are(&tenant, 1).await;
    let attempts = stage.waha.webhook_attempts();
    let ids: Vec<_> = attempts.iter().filter(|a| a.event.starts_with("message")).collect();
    assert!(ids.len() == 2 && ids[0].event_id == ids[1].event_id, "{ids:?}");
    let list = tenant.get("/messages?direction=inbound").await.expect(200);
    assert_eq!(list.rows()[0]["body"], "told by two names");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn one_message_delivered_under_two_event_ids_is_one_message(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let twice = Misbehaviour::DuplicateWebhook { same_event_id: false };
    stage.waha.misbehave(Rule::once(Match::event("message"), twice));
    stage.waha.receive(&session.waha_name, BOB, "an engine that repeats itself").unwrap();
    tenant.webhooks_processed("message", 2).await;
    tenant.webhooks_processed("message.any", 1).await;
    messages_are(&tenant, 1).await;

    // The same message again, its chat now hidden behind another address.
    let hidden =
        arrival(&session, &bare_id(&stage), "222222222222222@lid", "an engine that repeats itself");
    tenant.deliver(&hidden).await.expect(200);
    tenant.webhooks_processed("message", 3).await;
    messages_are(&tenant, 1).await;
    stage.stop().await;
}

/// The bare id of the only message in Bob's chat.
fn bare_id(stage: &Installation) -> String {
    let attempts = stage.waha.webhook_attempts();
    let session = &attempts[0].session;
    stage.waha.chat_messages(session, BOB)[0].message_id.clone()
}

#[sqlx::test(migrations = "../migrations")]
async fn two_different_facts_under_one_event_id_are_both_kept(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let first = arrival(&session, "3EB0AA", BOB, "first");
    let mut second = arrival(&session, "3EB0BB", BOB, "second");
    second["id"] = first["id"].clone();
    for webhook in [first, second] {
        assert_eq!(tenant.deliver(&webhook).await.expect(200).data()["repeated"], false);
    }
    messages_are(&tenant, 2).await;
    stage.stop().await;
}

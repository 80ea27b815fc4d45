//! The messages of a chat arrive in the order in which they were accepted (D3, D4).

use acceptance::installation::Installation;
use acceptance::messages::{sent_texts, somebody};
use acceptance::setup::Setup;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

const MESSAGES: usize = 30;

#[sqlx::test(migrations = "../migrations")]
async fn a_chats_order_is_kept_through_retries_and_priorities(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let refusal = Misbehaviour::Answer { status: 401, sent: false, exception: None };
    stage.waha.misbehave(Rule::always(Match::any().nth(4), refusal));
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let mut texts = Vec::new();
    let mut last = String::new();
    for n in 0..MESSAGES {
        let text = format!("line {n:02}");
        let priority = ["low", "normal", "high"][n % 3];
        let body = serde_json::json!({ "body": text, "priority": priority });
        last = tenant.send_as(&session, body).await;
        texts.push(text);
    }
    tenant.scan(&stage.waha, &session).await;
    tenant.message_becomes(&last, "read").await;

    assert_eq!(sent_texts(&stage.waha), texts);
    let refused = stage.waha.ledger().len() - MESSAGES;
    assert!(refused >= MESSAGES / 4, "only {refused} attempts were refused");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_that_waits_for_its_retry_holds_up_no_other_chat(pool: PgPool) {
    let setup = Setup::default()
        .set("DELIVERY_BACKOFF_BASE_MS", 3_600_000)
        .set("DELIVERY_BACKOFF_MAX_MS", 3_600_000);
    let stage = Installation::start_with(pool, setup).await;
    let refusal = Misbehaviour::Answer { status: 404, sent: false, exception: None };
    stage.waha.misbehave(Rule::always(Match::text("stuck"), refusal));
    let tenant = stage.tenant().await;
    let session = tenant.session().await;

    let stuck = tenant.send_text(&session, "stuck").await;
    tenant.message_becomes(&stuck, "retrying").await;
    let behind = tenant.send_text(&session, "behind it").await;
    let elsewhere = tenant.send_to(&session, &somebody(1), "elsewhere").await;
    tenant.message_becomes(&elsewhere, "read").await;
    assert_eq!(tenant.message(&behind).await["attempts"], 0, "it overtook the one before it");
    assert_eq!(sent_texts(&stage.waha), ["elsewhere"]);
    stage.stop().await;
}

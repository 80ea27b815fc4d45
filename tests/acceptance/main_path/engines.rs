//! WAHA's engines answer each in their own words, and some choose the message's id themselves (D5).

use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::messages::ledger_of;
use acceptance::setup::Setup;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Engine, LedgerEntry, Match, Misbehaviour, Rule};

const TEXT: &str = "in your own words";

/// The way of one message through an engine: what WAHA was asked, and the message at its end.
async fn way(pool: PgPool, setup: Setup, rule: Option<Rule>) -> (LedgerEntry, Value, Vec<Value>) {
    let stage = Installation::start_with(pool, setup).await;
    if let Some(rule) = rule {
        stage.waha.misbehave(rule);
    }
    let tenant: Caller = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, TEXT).await;
    let message = tenant.message_becomes(&id, "read").await;
    let history = tenant.history_until(&id, "message_read").await;
    let ledger = ledger_of(&stage.waha, TEXT);
    assert_eq!(ledger.len(), 1, "{ledger:#?}");
    stage.stop().await;
    (ledger[0].clone(), message, history)
}

fn assert_chosen_beforehand((entry, message, history): &(LedgerEntry, Value, Vec<Value>)) {
    let chosen = &history[1]["data"]["wahaMessageId"];
    assert!(chosen.is_string(), "no id was chosen: {history:#?}");
    assert_eq!(*chosen, json!(entry.requested_id));
    assert_eq!(entry.requested_id, entry.message_id);
    assert_eq!(message["wahaMessageId"], *chosen);
}

#[sqlx::test(migrations = "../migrations")]
async fn noweb_takes_the_id_we_choose(pool: PgPool) {
    assert_chosen_beforehand(&way(pool, Setup::default(), None).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn gows_takes_the_id_we_choose(pool: PgPool) {
    assert_chosen_beforehand(&way(pool, Setup::default().engine(Engine::Gows), None).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn webjs_chooses_the_id_and_we_learn_it_from_the_answer(pool: PgPool) {
    let (entry, message, history) = way(pool, Setup::default().engine(Engine::Webjs), None).await;
    assert_eq!(entry.requested_id, None, "WEBJS takes no id");
    assert_eq!(history[1]["data"]["wahaMessageId"], Value::Null);
    assert_eq!(message["wahaMessageId"], json!(entry.message_id));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_older_waha_that_throws_our_id_away_is_understood(pool: PgPool) {
    let mut setup = Setup::default();
    setup.waha.ignore_chosen_ids = true;
    let (entry, message, _) = way(pool, setup, None).await;
    assert_ne!(entry.requested_id, entry.message_id);
    assert_eq!(message["wahaMessageId"], json!(entry.message_id));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_success_without_a_word_is_still_a_success(pool: PgPool) {
    let rule = Rule::once(Match::text(TEXT), Misbehaviour::EmptyBody);
    let answered = way(pool, Setup::default(), Some(rule)).await;
    assert_chosen_beforehand(&answered);
    assert_eq!(answered.1["attempts"], 1);
}

//! Messages given up: listed, looked into, sent again, put away (D6).

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{BOB, ledger_of};
use acceptance::sessions::Session;
use acceptance::setup::Setup;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use waha_simulator::{LedgerEntry, Match, Misbehaviour, Rule};

fn refuse(stage: &Installation, text: &str, status: u16) {
    let refusal = Misbehaviour::Answer { status, sent: false, exception: None };
    stage.waha.misbehave(Rule::always(Match::text(text), refusal));
}

async fn dead_letter(
    stage: &Installation,
    tenant: &Caller,
    session: &Session,
    text: &str,
) -> String {
    refuse(stage, text, 404);
    let id = tenant.send_text(session, text).await;
    tenant.message_becomes(&id, "failed").await;
    id
}

async fn start(pool: PgPool) -> (Installation, Caller, Session) {
    let setup = Setup::default().set("DELIVERY_MAX_ATTEMPTS", 3);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    (stage, tenant, session)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_dead_letter_is_listed_with_every_attempt_and_its_error(pool: PgPool) {
    let (stage, tenant, session) = start(pool).await;
    let id = dead_letter(&stage, &tenant, &session, "lost").await;
    let list = tenant.get("/dead-letters").await.expect(200);
    assert_eq!(list.body["meta"]["total"], 1);
    let row = &list.rows()[0];
    assert_eq!(
        (&row["messageId"], &row["sessionId"], &row["to"]),
        (&json!(id), &json!(session.id), &json!(BOB))
    );
    assert_eq!((&row["reason"], &row["attempts"]), (&json!("attempts_exhausted"), &json!(3)));
    assert!(row["failedAt"].is_string(), "{row}");

    let letter = tenant.dead_letter(&id).await;
    let attempts = letter["attemptList"].as_array().unwrap();
    let numbers: Vec<_> =
        attempts.iter().map(|attempt| attempt["attempt"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    for attempt in attempts {
        assert_eq!(attempt["outcome"], "refused");
        assert!(attempt["detail"].as_str().unwrap().contains("404"), "{attempt}");
        assert!(attempt["startedAt"].as_str() <= attempt["at"].as_str(), "{attempt}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_redriven_dead_letter_is_delivered_as_a_new_message_to_whatsapp(pool: PgPool) {
    let (stage, tenant, session) = start(pool).await;
    let id = dead_letter(&stage, &tenant, &session, "second chance").await;
    stage.waha.behave();
    let redriven = tenant.act(&format!("/dead-letters/{id}/redrive")).await.expect(202);
    assert_eq!(redriven.header("location"), Some(format!("/messages/{id}").as_str()));
    let read = tenant.message_becomes(&id, "read").await;
    assert_eq!((&read["attempts"], &read["lastError"]), (&json!(4), &Value::Null));

    let ledger = ledger_of(&stage.waha, "second chance");
    let (sent, refused): (Vec<_>, Vec<_>) = ledger.into_iter().partition(LedgerEntry::is_sent);
    assert_eq!((sent.len(), refused.len()), (1, 3));
    assert!(refused.iter().all(|entry| entry.requested_id != sent[0].requested_id));
    assert_eq!(read["wahaMessageId"], json!(sent[0].requested_id));
    tenant.get(&format!("/dead-letters/{id}")).await.expect(404);
    let story = tenant.story_until(&id, "message_read").await;
    assert!(story.contains(&"message_redriven".to_owned()), "{story:?}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_discarded_dead_letter_is_off_the_list_and_stays_unsent(pool: PgPool) {
    let (stage, tenant, session) = start(pool).await;
    let id = dead_letter(&stage, &tenant, &session, "never mind").await;
    stage.waha.behave();
    let path = format!("/dead-letters/{id}");
    tenant.delete(&path).await.expect(204);
    let look = async || tenant.get(&path).await.status;
    eventually("it is off the list", look, |status| *status == 404).await;
    assert_eq!(tenant.get("/dead-letters").await.body["meta"]["total"], 0);
    tenant.delete(&path).await.expect(204); // already so
    let refused = tenant.act(&format!("{path}/redrive")).await.expect(409);
    assert_eq!(refused.codes(), ["DEAD_LETTER_SETTLED"]);

    let next = tenant.send_text(&session, "life goes on").await;
    tenant.message_becomes(&next, "read").await;
    assert_eq!(ledger_of(&stage.waha, "never mind").len(), 3);
    assert_eq!(tenant.message(&id).await["status"], "failed", "what was given up stays given up");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn only_a_dead_letter_of_ones_own_can_be_redriven_or_discarded(pool: PgPool) {
    let (stage, tenant, session) = start(pool).await;
    let healthy = tenant.send_text(&session, "healthy").await;
    tenant.message_becomes(&healthy, "read").await;
    let refused = tenant.act(&format!("/dead-letters/{healthy}/redrive")).await.expect(409);
    refused.assert_is_problem();
    tenant.delete(&format!("/dead-letters/{healthy}")).await.expect(409).assert_is_problem();
    tenant.get(&format!("/dead-letters/{healthy}")).await.expect(404).assert_is_problem();

    let id = dead_letter(&stage, &tenant, &session, "private").await;
    let stranger = stage.tenant().await;
    for unknown in [id.as_str(), &Uuid::nil().to_string()] {
        stranger.get(&format!("/dead-letters/{unknown}")).await.expect(404);
        stranger.act(&format!("/dead-letters/{unknown}/redrive")).await.expect(404);
        stranger.delete(&format!("/dead-letters/{unknown}")).await.expect(404);
    }
    assert_eq!(stranger.get("/dead-letters").await.rows().len(), 0);
    assert_eq!(tenant.message(&id).await["status"], "failed");
    stage.stop().await;
}

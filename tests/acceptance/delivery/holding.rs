//! A session that does not work holds its queue and spends no attempts (D7).

use acceptance::installation::Installation;
use acceptance::messages::{ledger_of, somebody};
use acceptance::setup::Setup;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule, SessionStatus};

#[sqlx::test(migrations = "../migrations")]
async fn a_queue_is_held_until_its_session_works(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let (tenant, other) = (stage.tenant().await, stage.tenant().await);
    let (waiting, working) = (tenant.unscanned_session().await, other.unscanned_session().await);
    let held = tenant.send_text(&waiting, "held").await;
    // Another session's message goes all the way: the saga has had its chance.
    other.scan(&stage.waha, &working).await;
    let sent = other.send_text(&working, "sent").await;
    other.message_becomes(&sent, "read").await;
    let message = tenant.message(&held).await;
    assert_eq!((&message["status"], &message["attempts"]), (&"queued".into(), &0.into()));
    assert!(ledger_of(&stage.waha, "held").is_empty());

    tenant.scan(&stage.waha, &waiting).await;
    let message = tenant.message_becomes(&held, "read").await;
    assert_eq!(message["attempts"], 1);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_failure_that_only_waha_knows_of_is_learnt_and_waited_for(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_MAX_ATTEMPTS", 1);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.waha.misbehave(Rule::once(Match::event("session.status"), Misbehaviour::DropWebhook));
    stage.waha.set_session_status(&session.waha_name, SessionStatus::Failed).unwrap();

    // WAHA answers 422 and says why; the one attempt that is allowed is not spent by it.
    let id = tenant.send_text(&session, "patience").await;
    tenant.session_becomes(&session, "FAILED").await;
    let refused = tenant.message_becomes(&id, "retrying").await;
    assert!(refused["lastError"].as_str().is_some_and(|error| error.contains("422")), "{refused}");

    stage.waha.set_session_status(&session.waha_name, SessionStatus::Working).unwrap();
    tenant.message_becomes(&id, "read").await;
    let ledger = ledger_of(&stage.waha, "patience");
    assert_eq!(ledger.iter().filter(|entry| entry.is_sent()).count(), 1, "{ledger:#?}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_waits_for_a_deleted_session_becomes_a_dead_letter(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let waiting = [
        tenant.send_text(&session, "one").await,
        tenant.send_to(&session, &somebody(1), "two").await,
    ];
    tenant.delete(&format!("/sessions/{}", session.id)).await;
    for id in waiting {
        tenant.message_becomes(&id, "failed").await;
        let letter = tenant.get(&format!("/dead-letters/{id}")).await.expect(200);
        assert_eq!(letter.data()["reason"], "session_deleted");
    }
    assert!(stage.waha.ledger().is_empty());
    stage.stop().await;
}

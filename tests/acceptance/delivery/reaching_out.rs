//! WhatsApp refuses a session new contacts (error 463): first messages wait, replies go on, and it is told (D2, D8).

use acceptance::installation::Installation;
use acceptance::messages::{BOB, BOBS_CHAT, ledger_of, sent_texts, somebody};
use acceptance::webhook;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

#[sqlx::test(migrations = "../migrations")]
async fn a_session_that_may_not_reach_out_holds_first_messages_and_lets_replies_through(
    pool: PgPool,
) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    tenant
        .deliver(&webhook::arrival(&session, "AAAA", BOBS_CHAT, "Are you there?"))
        .await
        .expect(200);
    tenant.webhooks_processed("message", 1).await;

    let exception = Some("2 UNKNOWN: server returned error 463".to_owned());
    let locked = Misbehaviour::Answer { status: 500, sent: false, exception };
    stage.waha.misbehave(Rule::once(Match::text("cold"), locked));
    let cold = tenant.send_to(&session, &somebody(1), "cold").await;
    let refused = tenant.message_becomes(&cold, "retrying").await;
    assert!(refused["lastError"].as_str().unwrap().contains("463"), "{refused}");
    let shown = tenant.get(&format!("/sessions/{}", session.id)).await.expect(200);
    assert!(shown.data()["reachOutLockedUntil"].is_string(), "{:?}", shown.body);

    let also_cold = tenant.send_to(&session, &somebody(2), "cold, too").await;
    for text in ["a reply", "another reply"] {
        let reply = tenant.send_to(&session, BOB, text).await;
        tenant.message_becomes(&reply, "read").await;
    }
    assert_eq!(sent_texts(&stage.waha), ["a reply", "another reply"]);
    assert_eq!(ledger_of(&stage.waha, "cold").len(), 1, "it was not tried again");
    assert_eq!(tenant.message(&also_cold).await["status"], "queued");
    assert_eq!(tenant.message(&also_cold).await["attempts"], json!(0));

    // Who writes is known from then on.
    let chat = somebody(2).replace('+', "") + "@c.us";
    tenant.deliver(&webhook::arrival(&session, "BBBB", &chat, "Who is it?")).await.expect(200);
    tenant.message_becomes(&also_cold, "read").await;
    assert_eq!(tenant.message(&cold).await["status"], "retrying");
    stage.stop().await;
}

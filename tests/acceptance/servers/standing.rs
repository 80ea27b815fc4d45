//! A server that is draining takes no new sessions; one that is down is not called, and costs no attempt.

use acceptance::eventually::eventually;
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;

use super::pair::{Pair, SECOND};

#[sqlx::test(migrations = "../migrations")]
async fn a_server_that_is_draining_keeps_its_sessions_and_takes_no_new_ones(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 9).await;
    pair.say("default", "drain").await;
    let old = pair.tenant.new_session("old").await;
    pair.tenant.session_becomes(&old, "WORKING").await;
    assert_eq!(pair.place_of(&old.id).await, SECOND);
    assert_eq!(pair.say(SECOND, "drain").await.data()["server"]["state"], "draining");

    let refused = pair.tenant.post("/sessions", &json!({ "name": "new" })).await.expect(409);
    assert_eq!(refused.codes(), ["WAHA_SERVER_NO_ROOM"]);
    let id = pair.tenant.send_text(&old, "it goes on").await;
    pair.tenant.message_becomes(&id, "read").await;

    assert_eq!(pair.say("default", "activate").await.data()["state"], "active");
    let new = pair.tenant.new_session("new").await;
    assert_eq!(pair.place_of(&new.id).await, "default");
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_to_go_through_a_server_that_is_down_waits_and_burns_no_attempt(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 1).await;
    pair.change("default", json!({ "capacity": 1 })).await.expect(200);
    let (one, other) =
        (pair.tenant.new_session("one").await, pair.tenant.new_session("other").await);
    for session in [&one, &other] {
        pair.tenant.session_becomes(session, "WORKING").await;
    }
    let is_on_second = pair.place_of(&one.id).await == SECOND;
    let (on_second, on_default) = if is_on_second { (&one, &other) } else { (&other, &one) };
    assert_eq!(pair.say(SECOND, "down").await.data()["health"]["status"], "not_asked");

    let held = pair.tenant.send_text(on_second, "held").await;
    let sent = pair.tenant.send_text(on_default, "sent").await;
    pair.tenant.message_becomes(&sent, "read").await;
    let message = pair.tenant.message(&held).await;
    assert_eq!((&message["status"], &message["attempts"]), (&json!("queued"), &json!(0)));
    assert!(pair.second.ledger().is_empty());

    pair.say(SECOND, "activate").await;
    assert_eq!(pair.tenant.message_becomes(&held, "read").await["attempts"], 1);
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn each_server_has_its_health_and_one_that_is_away_keeps_none_of_the_others_from_work(
    pool: PgPool,
) {
    let pair = Pair::start(pool, Setup::default(), 1).await;
    let health = pair.tenant.get("/waha/health").await.expect(200).body;
    assert_eq!(health["services"]["waha"]["status"], "up");
    assert_eq!(health["services"]["waha:eu-1"]["status"], "up");
    assert_eq!(pair.server(SECOND).await["health"]["status"], "up");
    assert_eq!(pair.server("default").await["health"]["version"], "2026.7.1");

    // It is elsewhere now, where nobody listens.
    pair.change(SECOND, json!({ "url": "http://127.0.0.1:9" })).await.expect(200);
    let look = async || pair.server(SECOND).await["health"]["status"].clone();
    eventually("the change is followed", look, |status| *status == json!("down")).await;
    let health = pair.tenant.get("/waha/health").await.expect(503).body;
    assert_eq!(health["services"]["waha"]["status"], "up");
    assert_eq!(health["services"]["waha:eu-1"]["status"], "down");
    let session = pair.tenant.session().await;
    let id = pair.tenant.send_text(&session, "all the same").await;
    pair.tenant.message_becomes(&id, "read").await;
    pair.stop().await;
}

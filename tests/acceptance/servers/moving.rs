//! A session that is moved goes on on another server, and what it was to send waits meanwhile.

use acceptance::eventually::eventually;
use acceptance::messages::{ledger_of, somebody};
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule, SessionStatus};

use super::pair::{Pair, SECOND};

#[sqlx::test(migrations = "../migrations")]
async fn a_moved_session_is_gone_from_the_one_server_and_sends_through_the_other(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default().unscanned(), 1).await;
    let session = pair.tenant.unscanned_session().await;
    pair.tenant.scan(&pair.stage.waha, &session).await;
    let path = format!("/sessions/{}/move", session.id);
    let moved = pair.operator.post(&path, &json!({ "server": SECOND })).await.expect(200);
    assert_eq!(moved.text("wahaServer"), SECOND);
    assert!(pair.stage.waha.session_status(&session.waha_name).is_none());

    // It wants a new scan; until then its queue is held.
    pair.tenant.session_becomes(&session, "SCAN_QR_CODE").await;
    let held = pair.tenant.send_text(&session, "patience").await;
    pair.tenant.scan(&pair.second, &session).await;
    assert_eq!(pair.tenant.message_becomes(&held, "read").await["attempts"], 1);
    assert_eq!((pair.stage.waha.ledger().len(), pair.second.ledger().len()), (0, 1));
    let repeated = pair.operator.post(&path, &json!({ "server": SECOND })).await.expect(200);
    assert_eq!(repeated.text("status"), "WORKING", "it is there already");
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_is_not_moved_where_no_room_is_or_by_who_may_not_see_it(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 1).await;
    let stranger = pair.stage.tenant().await;
    let strangers_operator =
        pair.stage.colleague(&stranger, domain::access::Role::PlatformAdmin).await;
    let session = pair.tenant.session().await;
    let path = format!("/sessions/{}/move", session.id);
    let to = |server: &str| json!({ "server": server });
    pair.tenant.post(&path, &to(SECOND)).await.expect(403);
    strangers_operator.post(&path, &to(SECOND)).await.expect(404);
    let refused = pair.operator.post(&path, &to("nowhere")).await.expect(404);
    assert_eq!(refused.codes(), ["WAHA_SERVER_NOT_FOUND"]);
    pair.say(SECOND, "drain").await;
    let refused = pair.operator.post(&path, &to(SECOND)).await.expect(409);
    assert_eq!(refused.codes(), ["WAHA_SERVER_NOT_ACTIVE"]);
    pair.say(SECOND, "activate").await;
    let other = pair.tenant.new_session("other").await;
    pair.operator.post(&format!("/sessions/{}/move", other.id), &to(SECOND)).await.expect(200);
    let refused = pair.operator.post(&path, &to(SECOND)).await.expect(409);
    assert_eq!(refused.codes(), ["WAHA_SERVER_FULL"]);
    assert_eq!(pair.place_of(&session.id).await, "default");
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_is_emptied_while_it_is_drained_and_can_then_be_removed(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 9).await;
    pair.say("default", "drain").await;
    let mut sessions = Vec::new();
    for name in ["a", "b"] {
        let session = pair.tenant.new_session(name).await;
        pair.tenant.session_becomes(&session, "WORKING").await;
        sessions.push(session);
    }
    let path = "/admin/waha-servers/eu-1";
    let refused = pair.operator.delete(path).await.expect(409);
    assert_eq!(refused.codes(), ["WAHA_SERVER_HAS_SESSIONS"]);
    pair.say("default", "activate").await;
    let drain = json!({ "move": true });
    let drained = pair.operator.post(&format!("{path}/drain"), &drain).await.expect(200);
    assert_eq!(drained.data()["moved"].as_array().unwrap().len(), 2);
    assert_eq!(drained.data()["server"]["sessions"], 0);
    for session in &sessions {
        let look = async || pair.stage.waha.session_status(&session.waha_name);
        let works = |status: &Option<SessionStatus>| *status == Some(SessionStatus::Working);
        eventually("it works on the other server", look, works).await;
        pair.tenant.session_becomes(session, "WORKING").await;
        assert_eq!(pair.second.session_status(&session.waha_name), None);
    }
    pair.operator.delete(path).await.expect(204);
    pair.operator.get(path).await.expect(404);
    let id = pair.tenant.send_to(&sessions[0], &somebody(1), "moved on").await;
    pair.tenant.message_becomes(&id, "read").await;
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_leaves_a_server_that_is_down_and_is_stopped_there_when_it_is_back(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 1).await;
    let session = pair.tenant.session().await;
    pair.say("default", "down").await;
    let path = format!("/sessions/{}/move", session.id);
    pair.operator.post(&path, &json!({ "server": SECOND })).await.expect(200);
    pair.tenant.session_becomes(&session, "WORKING").await;
    let id = pair.tenant.send_text(&session, "from elsewhere").await;
    pair.tenant.message_becomes(&id, "read").await;
    assert_eq!(pair.second.ledger().len(), 1);
    let status = || pair.stage.waha.session_status(&session.waha_name);
    assert_eq!(status(), Some(SessionStatus::Working), "nobody has called it");

    pair.say("default", "activate").await;
    let stopped = |seen: &Option<SessionStatus>| *seen == Some(SessionStatus::Stopped);
    let patience = std::time::Duration::from_secs(40);
    acceptance::eventually::within(patience, "it is stopped there", async || status(), stopped)
        .await;
    assert_eq!(pair.place_of(&session.id).await, SECOND);
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_in_doubt_is_not_held_for_unsent_by_a_server_that_never_saw_it(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_SETTLE_AFTER_SECONDS", 1);
    let pair = Pair::start(pool.clone(), setup, 1).await;
    let session = pair.tenant.session().await;
    let waha = &pair.stage.waha;
    waha.misbehave(Rule::once(Match::text("in doubt"), Misbehaviour::Reset { sent: true }));
    waha.misbehave(Rule::once(Match::text("in doubt"), Misbehaviour::NoAcks));
    let echo = Match { event: Some("message.any".to_owned()), ..Match::text("in doubt") };
    waha.misbehave(Rule::once(echo, Misbehaviour::DropWebhook));
    // The chat cannot be seen before the session is moved.
    let path = format!("/api/{}/chats/6281234567890@c.us/messages", session.waha_name);
    let list = Match::path(path);
    waha.misbehave(Rule::always(
        list,
        Misbehaviour::Answer { status: 500, sent: false, exception: None },
    ));
    let id = pair.tenant.send_text(&session, "in doubt").await;
    pair.tenant.message_becomes(&id, "unknown").await;
    let path = format!("/sessions/{}/move", session.id);
    pair.operator.post(&path, &json!({ "server": SECOND })).await.expect(200);

    // The next look would else come the later the longer the chat could not be seen.
    sqlx::query("update unknown_outcomes set due_at = now()").execute(&pool).await.unwrap();
    pair.tenant.history_until(&id, "message_left_unknown").await;
    let message = pair.tenant.message_becomes(&id, "unknown").await;
    assert!(message["lastError"].is_string(), "{message}");
    assert_eq!(ledger_of(&pair.second, "in doubt").len(), 0, "it is not sent again");
    assert_eq!(ledger_of(waha, "in doubt").len(), 1);
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_move_that_was_cut_short_is_seen_and_made_good_by_the_next(pool: PgPool) {
    let pair = Pair::start(pool.clone(), Setup::default(), 1).await;
    pair.say("default", "drain").await;
    let session = pair.tenant.session().await;
    pair.say("default", "activate").await;
    // All that a process leaves that dies between the place and the session's event.
    sqlx::query("update session_keys set waha_server = 'default'").execute(&pool).await.unwrap();
    let path = "/admin/waha-servers/eu-1";
    assert_eq!(pair.operator.delete(path).await.expect(409).codes(), ["WAHA_SERVER_HAS_SESSIONS"]);
    let drain = json!({ "move": true });
    let drained = pair.operator.post(&format!("{path}/drain"), &drain).await.expect(200);
    assert_eq!(drained.data()["moved"].as_array().unwrap().len(), 1);
    pair.tenant.session_becomes(&session, "WORKING").await;
    assert_eq!(pair.place_of(&session.id).await, "default");
    assert!(pair.second.session_status(&session.waha_name).is_none());
    pair.operator.delete(path).await.expect(204);
    pair.stop().await;
}

//! Which answers are kept, and for how long.

use acceptance::answer::Answer;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::keyed::to_bob;
use acceptance::messages::ledger_of;
use acceptance::proxy::Proxy;
use acceptance::setup::Setup;
use chrono::{TimeDelta, Utc};
use domain::access::Role;
use domain::ports::Ambient;
use heliograph::ambient::SystemAmbient;
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn what_was_turned_away_may_be_put_right_under_the_same_key(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for wrong in [json!({ "sessionId": session.id }), json!([]), json!({ "unknown": 1 })] {
        let refused = tenant.post_once("k", "/messages/send", &wrong).await.expect(400);
        assert!(!refused.is_replayed());
    }
    let unread = tenant.act_once("k", "/messages/send").await.expect(415);
    assert!(!unread.is_replayed());
    let viewer = stage.colleague(&tenant, Role::Viewer).await;
    viewer.send_once("k", &session, "once").await.expect(403);
    let sent = tenant.send_once("k", &session, "once").await.expect(202);
    assert!(!sent.is_replayed());
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_could_not_be_done_for_a_while_is_done_when_it_is_asked_again(pool: PgPool) {
    let line = Proxy::to_server_of(&pool).await;
    let setup = Setup::default().database_through(&line);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    line.cut().await;
    let refused = tenant.send_once("k", &session, "once").await.expect(503);
    assert!(refused.header("retry-after").is_some());
    line.restore().await;
    let sent = tenant.send_once_until_answered("k", &session, "once").await.expect(202);
    tenant.message_becomes(&sent.text("id"), "read").await;
    assert_eq!(ledger_of(&stage.waha, "once").len(), 1);
    assert!(tenant.send_once("k", &session, "once").await.expect(202).is_replayed());
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_kept_as_long_as_the_settings_say_and_a_day_past_the_time_of_sending(
    pool: PgPool,
) {
    let setup = Setup::default().set("IDEMPOTENCY_KEY_TTL", "1s");
    let stage = Installation::start_with(pool.clone(), setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let send_at = SystemAmbient.now() + TimeDelta::hours(1);
    let mut later = to_bob(&session, "later");
    later["sendAt"] = json!(send_at);
    let scheduled = tenant.post_once("later", "/messages/send", &later).await.expect(202);
    let first = tenant.send_once("now", &session, "now").await.expect(202);

    let look = async || tenant.send_once("now", &session, "now").await.expect(202);
    let is_new = |answer: &Answer| !answer.is_replayed();
    let another = eventually("the key's time is over", look, is_new).await;
    assert_ne!(another.text("id"), first.text("id"));
    let again = tenant.post_once("later", "/messages/send", &later).await.expect(202);
    assert!(again.is_replayed());
    assert_eq!(again.text("id"), scheduled.text("id"));

    let query = "select max(expires_at) from idempotency_keys";
    let kept_until: chrono::DateTime<Utc> =
        sqlx::query_scalar(query).fetch_one(&pool).await.unwrap();
    assert_eq!(kept_until, send_at + TimeDelta::days(1));
    stage.stop().await;
}

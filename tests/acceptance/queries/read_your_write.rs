//! A client reads what it has just written (Q7).

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::BOB;
use acceptance::setup::Setup;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

fn position(answer: &Answer) -> String {
    answer.header("x-event-position").expect("a command tells its position").to_owned()
}

async fn get_after(caller: &Caller, path: &str, position: &str) -> Answer {
    caller.send(caller.request(Method::GET, path).header("X-Read-After", position)).await
}

/// Of those the view shows, the newest.
const NEWEST: &str = "/messages?limit=1";

#[sqlx::test(migrations = "../migrations")]
async fn a_list_that_is_read_after_a_write_shows_it(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for n in 0..20 {
        let body = json!({ "sessionId": session.id, "to": BOB, "body": format!("number {n}") });
        let sent = tenant.post("/messages/send", &body).await.expect(202);
        let shown = get_after(&tenant, NEWEST, &position(&sent)).await.expect(200);
        assert_eq!(shown.rows()[0]["id"], sent.data()["id"], "at number {n}");
        let path = format!("/messages/{}", sent.text("id"));
        tenant.get(&path).await.expect(200); // nor does it need the header
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn every_command_tells_its_position_even_one_that_changed_nothing(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default()).await;
    let tenant = stage.tenant().await;
    let made = tenant.post("/sessions", &json!({ "name": "main" })).await.expect(201);
    let id = made.text("id");
    let listed = get_after(&tenant, "/sessions", &position(&made)).await.expect(200);
    assert_eq!(listed.rows()[0]["id"], id.as_str());
    let started = tenant.act(&format!("/sessions/{id}/start")).await.expect(200);
    get_after(&tenant, &format!("/sessions/{id}"), &position(&started)).await.expect(200);
    let deleted = tenant.delete(&format!("/sessions/{id}")).await.expect(204);
    position(&deleted);
    position(&tenant.post("/auth/login", &tenant.account().login()).await.expect(200));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_view_that_does_not_come_so_far_in_time_is_answered_for_with_503(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let rename = async |from: &str, to: &str| {
        let rename = format!("alter table {from} rename to {to}");
        sqlx::query(sqlx::AssertSqlSafe(rename)).execute(&pool).await.unwrap();
    };
    rename("messages", "messages_away").await; // so the view stands still
    let body = json!({ "sessionId": session.id, "to": BOB, "body": "unseen" });
    let sent = tenant.post("/messages/send", &body).await.expect(202);
    let behind = get_after(&tenant, NEWEST, &position(&sent)).await.expect(503);
    behind.assert_is_problem();
    assert_eq!(behind.codes(), ["SYS_VIEW_BEHIND"]);
    assert_eq!(behind.header("retry-after"), Some("1"));
    rename("messages_away", "messages").await;
    let look = async || get_after(&tenant, NEWEST, &position(&sent)).await;
    let shown = eventually("the view has come so far", look, |shown| shown.status == 200).await;
    assert_eq!(shown.rows()[0]["id"], sent.data()["id"]);

    let refused = get_after(&tenant, NEWEST, "yesterday").await.expect(400);
    refused.assert_is_problem();
    assert_eq!(
        (refused.codes(), refused.fields()),
        (vec!["VALID_INVALID_FORMAT"], vec!["X-Read-After"])
    );
    stage.stop().await;
}

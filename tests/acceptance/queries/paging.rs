//! A list can be leafed through by number or read on by cursor: each row once, newest first (M5).

use std::collections::HashSet;

use acceptance::answer::Answer;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::somebody;
use acceptance::setup::Setup;
use serde_json::{Value, json};
use sqlx::PgPool;

const MESSAGES: usize = 25;

fn ids(answer: &Answer) -> Vec<String> {
    answer.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_and_cursors_walk_every_row_once_and_newest_first(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let mut sent = Vec::new();
    for n in 0..MESSAGES {
        sent.push(tenant.send_to(&session, &somebody(n), "one of many").await);
    }
    sent.reverse();
    let look = async || tenant.get("/messages").await.body["meta"]["total"].clone();
    eventually("all are listed", look, |total| *total == MESSAGES).await;

    let first = tenant.get("/messages").await.expect(200);
    let meta = &first.body["meta"];
    assert_eq!((&meta["page"], &meta["limit"], first.rows().len()), (&json!(1), &json!(20), 20));

    let mut by_number = Vec::new();
    for page in 1..=3 {
        let answer = tenant.get(&format!("/messages?page={page}&limit=10")).await.expect(200);
        assert_eq!(answer.body["meta"]["page"], page);
        assert_eq!(answer.body["meta"]["total"], MESSAGES);
        assert_eq!(answer.body["meta"]["nextCursor"].is_null(), page == 3);
        by_number.extend(ids(&answer));
    }
    assert_eq!(by_number, sent);
    assert_eq!(tenant.get("/messages?page=4&limit=10").await.expect(200).rows().len(), 0);

    // What arrives meanwhile does not shift what is read by cursor.
    let mut by_cursor = Vec::new();
    let mut query = "limit=7".to_owned();
    loop {
        let answer = tenant.get(&format!("/messages?{query}")).await.expect(200);
        by_cursor.extend(ids(&answer));
        tenant.send_to(&session, &somebody(900), "a latecomer").await;
        match &answer.body["meta"]["nextCursor"] {
            Value::String(cursor) => query = format!("limit=7&cursor={cursor}"),
            end => break assert_eq!(*end, Value::Null),
        }
    }
    assert_eq!(by_cursor, sent);
    assert_eq!(by_cursor.iter().collect::<HashSet<_>>().len(), MESSAGES);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_history_is_read_on_after_a_version(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, "five events").await;
    tenant.message_becomes(&id, "read").await;
    let path = format!("/messages/{id}/events");
    let look = async || tenant.get(&path).await.rows().len();
    eventually("the history is complete", look, |count| *count == 5).await;
    let mut versions = Vec::new();
    let mut after = json!(0);
    while !after.is_null() {
        let part = tenant.get(&format!("{path}?limit=2&after={after}")).await.expect(200);
        versions.extend(part.rows().iter().map(|event| event["version"].as_i64().unwrap()));
        after = part.body["meta"]["next"].clone();
    }
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    stage.stop().await;
}

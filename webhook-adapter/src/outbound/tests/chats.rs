//! What looking at a chat asks of WAHA, and what is seen there.

use chrono::TimeDelta;
use domain::ports::waha::{ChatReader, GatewayError};
use domain::whatsapp::{Ack, ChatId};
use serde_json::{Value, json};

use super::server::{Reply, Server};
use super::*;
use crate::inbound::recorded as recorded_webhooks;

fn chat() -> ChatId {
    ChatId("11111111111@c.us".to_owned())
}

fn answer(body: &Value) -> Reply {
    Reply::Answer(200, body.to_string().into_bytes())
}

/// The message in a recorded webhook: WAHA lists messages in the same form.
fn recorded_message(needle: &str) -> Value {
    let is_it =
        |body: &&String| body.contains("\"event\":\"message.any\"") && body.contains(needle);
    let bodies: Vec<String> =
        recorded_webhooks::webhooks().into_iter().map(|webhook| webhook.body).collect();
    let webhook: Value = serde_json::from_str(bodies.iter().find(is_it).unwrap()).unwrap();
    webhook["payload"].clone()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_chats_messages_of_ours_are_read_as_waha_shows_them() {
    let ours = recorded_message("true_11111111111@c.us_3EB04CBF63D58EFAA8847F");
    let theirs = recorded_message("\"fromMe\":false");
    let webjs = json!({
        "id": { "fromMe": true, "id": "3EB0AA", "_serialized": "true_1@c.us_3EB0AA" },
        "timestamp": 1_795_219_675, "fromMe": true, "body": null, "ack": 3,
    });
    let server = Server::start(vec![answer(&json!([webjs, theirs, ours]))]);
    let since = at("2026-11-21T00:00:00Z");
    let seen = client(&server.url).own_messages(named("tenant-a"), &chat(), since).await.unwrap();
    assert!(seen.is_complete);
    let told: Vec<_> = seen
        .messages
        .iter()
        .map(|own| (own.sighting.waha_message_id.0.as_str(), own.sighting.ack, own.body.as_str()))
        .collect();
    let expected = [("3EB0AA", Ack::Read, ""), ("3EB04CBF63D58EFAA8847F", Ack::Pending, "hi")];
    assert_eq!(told, expected);
    assert_eq!(seen.messages[1].sighting.at, at("2026-11-21T00:07:54Z"));
    assert_eq!(
        server.finish()[0].line,
        "GET /api/tenant-a/chats/11111111111@c.us/messages?limit=200&sortOrder=desc\
         &downloadMedia=false&filter.timestamp.gte=1795219200&filter.fromMe=true"
    );
}

#[tokio::test]
async fn a_list_that_is_full_or_cannot_all_be_read_is_not_complete() {
    let one = json!({ "id": "true_1@c.us_A", "timestamp": 1, "fromMe": true, "body": "x" });
    let unreadable = json!({ "id": 7, "timestamp": 1, "fromMe": true, "body": "x" });
    let full = Value::Array(vec![one.clone(); 200]);
    let server = Server::start(vec![answer(&full), answer(&json!([one, unreadable]))]);
    let client = client(&server.url);
    for _ in 0..2 {
        let seen = client.own_messages(named("s"), &chat(), DateTime::UNIX_EPOCH).await.unwrap();
        assert!(!seen.is_complete);
    }
    server.finish();
}

#[tokio::test]
async fn a_chat_that_cannot_be_looked_at_is_told_apart() {
    let no_store = json!({ "message": "Enable NOWEB store", "statusCode": 400 });
    let server = Server::start(vec![
        Reply::Answer(400, no_store.to_string().into_bytes()),
        Reply::Answer(500, vec![]),
        Reply::Close,
        answer(&json!({})),
    ]);
    let client = client(&server.url);
    let Err(GatewayError::Refused(reason)) =
        client.own_messages(named("s"), &chat(), at_start()).await
    else {
        panic!()
    };
    assert_eq!(reason, "WAHA answered 400: Enable NOWEB store");
    for _ in 0..3 {
        let error = client.own_messages(named("s"), &chat(), at_start()).await.unwrap_err();
        assert!(matches!(error, GatewayError::Unavailable(_)), "{error}");
    }
    server.finish();
}

fn at_start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

#[tokio::test]
async fn waha_remembers_what_was_since_it_was_started() {
    let (_, status) = recorded("04-status");
    let server = Server::start(vec![Reply::Answer(200, status)]);
    // It has run for 32.082 seconds, and the clock stands at the epoch.
    let while_it_ran = DateTime::UNIX_EPOCH - TimeDelta::seconds(32);
    assert!(client(&server.url).remembers(named("s"), &chat(), while_it_ran).await.unwrap());
    assert_eq!(server.finish()[0].line, "GET /api/server/status");
}

#[tokio::test]
async fn waha_remembers_what_came_after_the_oldest_it_shows() {
    let older = json!([{ "id": "false_1@c.us_A", "timestamp": 1, "fromMe": false }]);
    for (shown, remembers) in [(older, true), (json!([]), false)] {
        let (_, status) = recorded("04-status");
        let server = Server::start(vec![Reply::Answer(200, status), answer(&shown)]);
        let (client, long_ago) = (client(&server.url), at_start() - TimeDelta::hours(1));
        assert_eq!(client.remembers(named("s"), &chat(), long_ago).await.unwrap(), remembers);
        let line = &server.finish()[1].line;
        assert!(
            line.ends_with("limit=1&sortOrder=desc&downloadMedia=false&filter.timestamp.lte=-3900"),
            "{line}"
        );
    }
}

//! What looking for missed webhooks asks of WAHA, and what is made of it.

use chrono::DateTime;
use domain::ports::missed::{MissedReader, Page};
use domain::ports::waha::{GatewayError, Observation};
use domain::whatsapp::{Ack, ChatId};
use serde_json::{Value, json};

use super::server::{Reply, Server};
use super::*;

const PAGE: Page = Page { offset: 50, limit: 50 };

fn answer(body: &Value) -> Reply {
    Reply::Answer(200, body.to_string().into_bytes())
}

fn theirs() -> Value {
    json!({
        "id": "false_11111111111@c.us_AA", "timestamp": -60, "from": "11111111111@c.us",
        "fromMe": false, "body": "hi", "hasMedia": false, "ack": 1,
    })
}

fn ours(ack: i64) -> Value {
    json!({
        "id": "true_11111111111@c.us_BB", "timestamp": -60, "from": "11111111111@c.us",
        "fromMe": true, "body": "hi", "hasMedia": false, "ack": ack,
    })
}

#[tokio::test]
async fn chats_are_told_with_their_last_message_as_a_webhook_would_tell_it() {
    let chats = json!([
        { "id": "11111111111@c.us", "name": "Bob", "lastMessage": ours(3), "_chat": {} },
        { "id": { "_serialized": "2@c.us" }, "lastMessage": theirs() },
        { "id": "3@c.us", "lastMessage": null },
        { "id": 7 },
    ]);
    let server = Server::start(vec![answer(&chats)]);
    let seen = client(&server.url).chats(named("tenant-a"), PAGE).await.unwrap();
    let ids: Vec<_> =
        seen.iter().map(|chat| chat.chat_id.as_ref().map(|id| id.0.as_str())).collect();
    assert_eq!(ids, [Some("11111111111@c.us"), Some("2@c.us"), Some("3@c.us"), None]);
    let minute_ago = DateTime::from_timestamp_secs(-60);
    let times: Vec<_> = seen.iter().map(|chat| chat.last_at).collect();
    assert_eq!(times, [minute_ago, minute_ago, None, None]);
    // When it was read is not told: by now.
    let at = DateTime::UNIX_EPOCH;
    let waha_message_id = domain::whatsapp::WahaMessageId("BB".to_owned());
    assert_eq!(seen[0].last, Observation::Acknowledged { waha_message_id, ack: Ack::Read, at });
    assert!(matches!(seen[1].last, Observation::Arrived(_)));
    assert_eq!(seen[2].last, Observation::Unrecognised);
    let asked = &server.finish()[0];
    assert_eq!(asked.line, "GET /api/tenant-a/chats/overview?limit=50&offset=50");
    assert!(asked.headers.contains("x-api-key: "), "{}", asked.headers);
}

#[tokio::test]
async fn messages_are_told_as_webhooks_would_tell_them() {
    let listed = json!([ours(2), ours(0), ours(-1), theirs(), { "odd": true }]);
    let server = Server::start(vec![answer(&listed)]);
    let chat = ChatId("11111111111@c.us".to_owned());
    let since = DateTime::UNIX_EPOCH;
    let seen = client(&server.url).messages(named("tenant-a"), &chat, since, PAGE).await.unwrap();
    let acks: Vec<_> = seen
        .iter()
        .map(|observation| match observation {
            Observation::Acknowledged { ack, .. } => ack.as_str(),
            Observation::Echoed { .. } => "echoed",
            Observation::Arrived(_) => "arrived",
            _ => "nothing",
        })
        .collect();
    assert_eq!(acks, ["device", "echoed", "error", "arrived", "nothing"]);
    assert_eq!(
        server.finish()[0].line,
        "GET /api/tenant-a/chats/11111111111@c.us/messages?limit=50&sortOrder=desc\
         &downloadMedia=false&filter.timestamp.gte=0&offset=50"
    );
}

#[tokio::test]
async fn a_waha_without_a_store_refuses_and_one_that_babbles_is_asked_again() {
    let no_store = json!({ "message": "Enable NOWEB store", "statusCode": 400 });
    let server = Server::start(vec![
        Reply::Answer(400, no_store.to_string().into_bytes()),
        answer(&json!({})),
    ]);
    let client = client(&server.url);
    assert!(matches!(client.chats(named("s"), PAGE).await, Err(GatewayError::Refused(_))));
    assert!(matches!(client.chats(named("s"), PAGE).await, Err(GatewayError::Unavailable(_))));
    server.finish();
}

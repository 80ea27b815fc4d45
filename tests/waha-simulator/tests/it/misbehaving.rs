//! Misbehaviour keeps its promises.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use waha_simulator::{Match, Misbehaviour, Outcome, Rule};

use crate::{
    client::{Client, quick},
    eventually::eventually,
    json_likeness::differences,
    receiver::{Received, Receiver},
};

async fn working() -> Client {
    Client::working(quick(), json!({})).await
}

async fn told(receiver: &Receiver, events: &[&str]) -> Client {
    let config = json!({ "webhooks": [{ "url": receiver.url, "events": events }] });
    Client::working(quick(), config).await
}

fn outcome(client: &Client) -> (Outcome, bool) {
    let entry = client.simulator.ledger().pop().unwrap();
    (entry.outcome.clone(), entry.is_sent())
}

async fn comes_to(client: &Client, expected: Outcome, sent: bool) {
    let expected = (expected, sent);
    let fact = format!("the outcome is {expected:?}");
    eventually(&fact, || {
        let entry = client.simulator.ledger().pop()?;
        ((entry.outcome.clone(), entry.is_sent()) == expected).then_some(())
    })
    .await;
}

fn chat_length(client: &Client) -> usize {
    client.simulator.chat_messages("default", "11111111111@c.us").len()
}

fn wrong(status: u16, sent: bool) -> Misbehaviour {
    Misbehaviour::Answer { status, sent, exception: None }
}

#[tokio::test]
async fn a_reset_connection_is_a_reset_whether_or_not_it_sent() {
    let client = working().await;
    for sent in [false, true] {
        client.simulator.misbehave(Rule::once(Match::any(), Misbehaviour::Reset { sent }));
        let error = client.send("hi").await.unwrap_err();
        assert!(was_reset(&error), "{error:?}");
        assert_eq!(outcome(&client), (Outcome::Reset { sent }, sent));
        assert_eq!(chat_length(&client), usize::from(sent));
    }
    assert_eq!(client.send("hi").await.unwrap().0, 201);
}

fn was_reset(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionReset)
        || error.source().is_some_and(was_reset)
}

#[tokio::test]
async fn a_hanging_send_is_never_answered_and_ends_with_the_simulator() {
    for sent in [false, true] {
        let client = working().await;
        client.simulator.misbehave(Rule::once(Match::any(), Misbehaviour::Hang { sent }));
        assert!(timeout(Duration::from_millis(100), client.send("hi")).await.is_err());
        comes_to(&client, Outcome::Hung { sent }, sent).await;
        assert_eq!(chat_length(&client), usize::from(sent));
        client.simulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_wrong_answer_can_follow_a_send() {
    let client = working().await;
    for status in [401, 422, 500, 502, 503] {
        client.simulator.misbehave(Rule::once(Match::any(), wrong(status, true)));
        assert_eq!(client.send("hi").await.unwrap().0, status);
        assert_eq!(outcome(&client), (Outcome::SentButAnsweredWith { status }, true));
    }
    client.simulator.misbehave(Rule::once(Match::any(), wrong(503, false)));
    assert_eq!(client.send("hi").await.unwrap().0, 503);
    assert_eq!(outcome(&client), (Outcome::Refused { status: 503 }, false));
    assert_eq!(chat_length(&client), 5);
}

#[tokio::test]
async fn an_engine_failure_echoes_the_request_and_has_the_code_of_grpc() {
    let client = working().await;
    let exception = Some("2 UNKNOWN: server returned error 463".to_owned());
    let failure = Misbehaviour::Answer { status: 500, sent: false, exception };
    client.simulator.misbehave(Rule::once(Match::any(), failure));
    let (_, body) = client.send("hi").await.unwrap();
    assert_eq!(body["request"]["body"]["text"], "hi");
    assert_eq!(body["exception"]["code"], 2);
}

#[tokio::test]
async fn an_empty_answer_is_a_success_that_says_nothing() {
    let client = working().await;
    client.simulator.misbehave(Rule::once(Match::any(), Misbehaviour::EmptyBody));
    assert_eq!(client.send("hi").await.unwrap(), (201, Value::String(String::new())));
    assert_eq!(outcome(&client), (Outcome::SentButAnsweredWith { status: 201 }, true));
}

#[tokio::test]
async fn a_rule_can_be_about_another_path() {
    let client = working().await;
    let path = "/api/sessions/default/restart";
    client.simulator.misbehave(Rule::once(Match::path(path), wrong(502, true)));
    assert_eq!(client.send("hi").await.unwrap().0, 201);
    assert_eq!(client.post(path, json!({})).await.0, 502);
}

#[tokio::test]
async fn an_answer_can_be_late() {
    let client = working().await;
    let late = Misbehaviour::Delay { milliseconds: 60_000 };
    client.simulator.misbehave(Rule::once(Match::any(), late));
    assert!(timeout(Duration::from_millis(50), client.send("hi")).await.is_err());
    comes_to(&client, Outcome::InProgress, true).await;
    client.simulator.restart_losing_memory();
    comes_to(&client, Outcome::Reset { sent: true }, true).await;
}

#[tokio::test]
async fn every_answer_can_be_late() {
    let client = working().await;
    client.simulator.delay_answers(Duration::from_mins(1));
    assert!(timeout(Duration::from_millis(50), client.get("/api/sessions")).await.is_err());
    client.simulator.delay_answers(Duration::ZERO);
    assert_eq!(client.get("/api/sessions").await.0, 200);
}

#[tokio::test]
async fn acknowledgements_can_be_missing_wrong_or_early() {
    let receiver = Receiver::start().await;
    let client = told(&receiver, &["message.ack"]).await;
    for acks in [Misbehaviour::NoAcks, Misbehaviour::AckError, Misbehaviour::AckBeforeAnswer] {
        client.simulator.misbehave(Rule::once(Match::any(), acks));
    }
    client.send("none").await.unwrap();
    client.send("error").await.unwrap();
    let error = receiver.await_event("message.ack", 1).await.remove(0).json();
    assert_eq!(
        (&error["payload"]["ack"], &error["payload"]["ackName"]),
        (&json!(-1), &json!("ERROR"))
    );
    client.send("early").await.unwrap();
    assert_eq!(receiver.about("message.ack").len(), 1 + 3);
}

#[tokio::test]
async fn webhooks_can_be_lost_and_doubled() {
    let receiver = Receiver::start().await;
    let client = told(&receiver, &["message"]).await;
    let doubled = |same_event_id| Misbehaviour::DuplicateWebhook { same_event_id };
    for fault in [Misbehaviour::DropWebhook, doubled(true), doubled(false)] {
        client.simulator.misbehave(Rule::once(Match::event("message"), fault));
    }
    for text in ["lost", "same", "other"] {
        client.simulator.receive("default", "1@c.us", text).unwrap();
    }
    let posted = receiver.await_event("message", 4).await;
    let ids = |text: &str| {
        let about = posted.iter().map(Received::json).filter(|r| r["payload"]["body"] == text);
        about.map(|r| r["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("lost").len(), 0);
    assert_eq!(ids("same")[0], ids("same")[1]);
    assert_ne!(ids("other")[0], ids("other")[1]);
}

#[tokio::test]
async fn webhooks_can_change_places() {
    let receiver = Receiver::start().await;
    let client = told(&receiver, &["message"]).await;
    client.simulator.misbehave(Rule::once(Match::text("first"), Misbehaviour::ReorderWebhook));
    client.simulator.receive("default", "1@c.us", "first").unwrap();
    client.simulator.receive("default", "1@c.us", "second").unwrap();
    let posted = receiver.await_event("message", 2).await;
    let order: Vec<_> = posted.iter().map(|r| r.json()["payload"]["body"].clone()).collect();
    assert_eq!(order, ["second", "first"]);
}

#[tokio::test]
async fn losing_its_memory_resets_requests_under_way() {
    let client = working().await;
    client.simulator.misbehave(Rule::once(Match::any(), Misbehaviour::Hang { sent: true }));
    let (answer, ()) = tokio::join!(client.send("hi"), async {
        comes_to(&client, Outcome::Hung { sent: true }, true).await;
        client.simulator.restart_losing_memory();
    });
    assert!(was_reset(&answer.unwrap_err()));
}

#[tokio::test]
async fn rules_can_be_set_and_seen_over_http() {
    let client = working().await;
    let rule = json!({
        "when": { "textContains": "invoice", "nth": 2 },
        "then": { "do": "answer", "status": 502, "sent": true },
        "standing": true,
    });
    assert_eq!(client.post("/simulator/rules", rule.clone()).await.0, 204);
    let (_, rules) = client.get("/simulator/rules").await;
    let missing = differences(&json!([rule]), &rules);
    assert!(missing.iter().all(|difference| difference.ends_with("is not recorded")));

    assert_eq!(client.send("invoice 1").await.unwrap().0, 201);
    assert_eq!(client.send("invoice 2").await.unwrap().0, 502);
    assert_eq!(client.call(reqwest::Method::DELETE, "/simulator/rules", None).await.0, 204);
    assert_eq!(client.get("/simulator/rules").await.1, json!([]));
}

#[tokio::test]
async fn the_phone_can_be_played_over_http() {
    let client = Client::start(quick()).await;
    client.create("default", json!({})).await;
    client.reaches("default", waha_simulator::SessionStatus::ScanQrCode).await;
    assert_eq!(client.post("/simulator/sessions/default/scan", json!({})).await.0, 204);
    client.reaches("default", waha_simulator::SessionStatus::Working).await;
    let incoming = json!({ "from": "1@c.us", "body": "Hello" });
    let (status, received) = client.post("/simulator/sessions/default/messages", incoming).await;
    assert_eq!(status, 201);
    let (_, chat) = client.get("/simulator/sessions/default/chats/1@c.us/messages").await;
    assert_eq!(chat[0]["messageId"], received["messageId"]);
    let failed = json!({ "status": "FAILED" });
    let path = "/simulator/sessions/default/status";
    assert_eq!(client.call(reqwest::Method::PUT, path, Some(failed)).await.0, 204);
    client.reaches("default", waha_simulator::SessionStatus::Failed).await;
}

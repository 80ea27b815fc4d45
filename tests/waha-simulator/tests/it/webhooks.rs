//! Webhooks: who gets which, and how often.

use serde_json::{Value, json};
use waha_simulator::{Engine, SimulatorOptions};

use crate::{
    client::{Client, quick},
    receiver::Receiver,
};

fn told(url: &str, events: &[&str]) -> Value {
    let retries = json!({ "policy": "constant", "delaySeconds": 0, "attempts": 2 });
    json!({ "webhooks": [{ "url": url, "events": events, "retries": retries }] })
}

#[tokio::test]
async fn a_send_is_followed_by_its_message_and_three_acknowledgements() {
    let receiver = Receiver::start().await;
    let client = Client::working(quick(), told(&receiver.url, &["*"])).await;
    client.send("hi").await.unwrap();
    let acks = receiver.await_event("message.ack", 3).await;
    let mut levels: Vec<_> = acks.iter().map(|a| a.json()["payload"]["ack"].as_i64()).collect();
    levels.sort_unstable();
    assert_eq!(levels, [Some(1), Some(2), Some(3)]);
    let message = receiver.about("message.any").remove(0).json();
    assert_eq!(message["payload"]["id"], acks[0].json()["payload"]["id"]);
}

#[tokio::test]
async fn webjs_acknowledges_with_the_whole_message() {
    let receiver = Receiver::start().await;
    let options = SimulatorOptions { engine: Engine::Webjs, ..quick() };
    let client = Client::working(options, told(&receiver.url, &["message.ack"])).await;
    client.send("hi").await.unwrap();
    let ack = receiver.await_event("message.ack", 1).await.remove(0).json();
    assert_eq!(ack["payload"]["body"], "hi");
    assert_eq!(ack["payload"]["to"], "11111111111@c.us");
}

#[tokio::test]
async fn an_incoming_message_is_two_events_with_one_id() {
    let receiver = Receiver::start().await;
    let config = told(&receiver.url, &["message", "message.any"]);
    let client = Client::working(quick(), config).await;
    let id = client.simulator.receive("default", "222222222222222@lid", "Hello").unwrap();
    let message = receiver.await_event("message", 1).await.remove(0).json();
    let any = receiver.await_event("message.any", 1).await.remove(0).json();
    assert_eq!(message["id"], any["id"]);
    assert_eq!(message["payload"]["id"], format!("false_222222222222222@lid_{id}"));
}

#[tokio::test]
async fn only_what_is_subscribed_is_posted() {
    let receiver = Receiver::start().await;
    let client = Client::working(quick(), told(&receiver.url, &["message.ack"])).await;
    client.send("hi").await.unwrap();
    receiver.await_event("message.ack", 3).await;
    assert_eq!(receiver.received().len(), 3);
}

#[tokio::test]
async fn a_refused_webhook_is_repeated_unchanged_until_the_end_of_its_policy() {
    let receiver = Receiver::start().await;
    let client = Client::working(quick(), told(&receiver.url, &["message"])).await;
    receiver.answer_first(&["404 Not Found", "500 Internal Server Error"]);
    client.simulator.receive("default", "1@c.us", "Hello").unwrap();
    let tries = receiver.await_event("message", 3).await;
    assert!(tries.iter().all(|again| again.body == tries[0].body));
    assert!(tries.iter().all(|again| again.headers == tries[0].headers));
    crate::eventually::eventually("the third try is delivered", || {
        client.simulator.webhook_attempts().last().filter(|a| a.is_delivered()).map(|_| ())
    })
    .await;
    let statuses: Vec<_> =
        client.simulator.webhook_attempts().iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(404), Some(500), Some(200)]);
}

#[tokio::test]
async fn the_receiver_can_ask_for_time() {
    let receiver = Receiver::start().await;
    let client = Client::working(quick(), told(&receiver.url, &["message"])).await;
    receiver.answer_first(&["503 Service Unavailable\r\nRetry-After: 1"]);
    client.simulator.receive("default", "1@c.us", "Hello").unwrap();
    receiver.await_event("message", 2).await;
    crate::eventually::eventually("the second try is noted", || {
        (client.simulator.webhook_attempts().len() == 2).then_some(())
    })
    .await;
    let attempts = client.simulator.webhook_attempts();
    assert!((attempts[1].at - attempts[0].at).num_milliseconds() >= 990);
}

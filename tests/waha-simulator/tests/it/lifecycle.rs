//! Sessions live as WAHA's do.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use waha_simulator::{Engine, SessionStatus, SimulatorOptions};

use crate::{
    client::{Client, quick},
    eventually::eventually,
    receiver::Receiver,
};

fn told_to(url: &str) -> Value {
    json!({ "webhooks": [{ "url": url, "events": ["session.status"] }] })
}

/// The statuses that were announced, in the order in which they happened: each is told with those before it, for
/// several may come in one millisecond.
async fn announced(receiver: &Receiver, count: usize) -> Vec<Value> {
    let mut events = receiver.await_event("session.status", count).await;
    events.sort_by_key(|event| {
        let statuses = event.json()["payload"]["statuses"].as_array().unwrap().clone();
        statuses.iter().map(|told| told["timestamp"].as_i64()).collect::<Vec<_>>()
    });
    events.iter().map(|event| event.json()["payload"]["status"].clone()).collect()
}

#[tokio::test]
async fn a_code_that_scans_itself_leads_to_working() {
    let receiver = Receiver::start().await;
    let auto_scan_after = Some(Duration::from_millis(5));
    let client = Client::start(SimulatorOptions { auto_scan_after, ..quick() }).await;
    client.create("default", told_to(&receiver.url)).await;
    client.reaches("default", SessionStatus::Working).await;
    let statuses = announced(&receiver, 4).await;
    assert_eq!(statuses, ["STARTING", "SCAN_QR_CODE", "STARTING", "WORKING"]);
}

#[tokio::test]
async fn only_noweb_reconnects_after_the_scan() {
    let receiver = Receiver::start().await;
    let options = SimulatorOptions { engine: Engine::Webjs, ..quick() };
    let _client = Client::working(options, told_to(&receiver.url)).await;
    assert_eq!(announced(&receiver, 3).await, ["STARTING", "SCAN_QR_CODE", "WORKING"]);
}

#[tokio::test]
async fn only_the_last_three_statuses_are_told() {
    let receiver = Receiver::start().await;
    let _client = Client::working(quick(), told_to(&receiver.url)).await;
    let events = receiver.await_event("session.status", 4).await;
    let counts = events.iter().map(|e| e.json()["payload"]["statuses"].as_array().unwrap().len());
    assert_eq!(counts.max(), Some(3));
}

#[tokio::test]
async fn a_restart_keeps_the_pairing_and_a_logout_gives_it_up() {
    let client = Client::working(quick(), json!({})).await;
    let (status, body) = client.post("/api/sessions/default/restart", json!({})).await;
    assert_eq!((status, &body["status"]), (201, &"STARTING".into()));
    client.reaches("default", SessionStatus::Working).await;

    let (status, body) = client.post("/api/sessions/default/logout", json!({})).await;
    assert_eq!((status, &body["me"]), (201, &Value::Null));
    client.reaches("default", SessionStatus::ScanQrCode).await;
}

#[tokio::test]
async fn sessions_are_many_and_have_phones_of_their_own() {
    let client = Client::start(quick()).await;
    for name in ["a", "b"] {
        client.create(name, json!({})).await;
        client.pair(name).await;
    }
    let (_, a) = client.get("/api/sessions/a/me").await;
    let (_, b) = client.get("/api/sessions/b/me").await;
    assert_ne!(a["id"], b["id"]);
    assert_eq!(client.get("/api/sessions").await.1.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_session_without_a_name_is_given_one_and_not_started() {
    let client = Client::start(quick()).await;
    let (status, body) = client.post("/api/sessions", json!({})).await;
    assert_eq!((status, &body["status"]), (201, &"STOPPED".into()));
    assert!(body["name"].as_str().unwrap().starts_with("session_"));
}

#[tokio::test]
async fn a_code_for_typing_is_awaited_in_starting() {
    let client = Client::start(quick()).await;
    client.create("default", json!({})).await;
    let path = "/api/default/auth/request-code";
    assert_eq!(client.post(path, json!({})).await, (201, json!({ "code": "ABCD-EFGH" })));
    client.pair("default").await;
    assert_eq!(client.post(path, json!({})).await.0, 422);
}

#[tokio::test]
async fn a_refreshed_code_is_another_and_is_announced() {
    let receiver = Receiver::start().await;
    let client = Client::start(quick()).await;
    client.create("default", told_to(&receiver.url)).await;
    client.reaches("default", SessionStatus::ScanQrCode).await;
    let (_, before) = client.get("/api/default/auth/qr?format=raw").await;
    client.simulator.refresh_qr("default").unwrap();
    let (_, after) = client.get("/api/default/auth/qr?format=raw").await;
    assert_ne!(before, after);
    assert_eq!(announced(&receiver, 3).await, ["STARTING", "SCAN_QR_CODE", "SCAN_QR_CODE"]);
}

#[tokio::test]
async fn an_unlinked_session_fails_and_needs_a_new_scan() {
    let client = Client::working(quick(), json!({})).await;
    client.simulator.unlink("default").unwrap();
    let (_, session) = client.get("/api/sessions/default").await;
    assert_eq!(session["status"], "FAILED");
    assert!(session["me"].is_object());
    client.post("/api/sessions/default/restart", json!({})).await;
    client.reaches("default", SessionStatus::ScanQrCode).await;
}

#[tokio::test]
async fn losing_its_memory_waha_starts_sessions_anew_with_their_pairing() {
    let receiver = Receiver::start().await;
    let client = Client::working(quick(), told_to(&receiver.url)).await;
    let before = announced(&receiver, 4).await.len();

    receiver.answer_first(&["500 Internal Server Error"]);
    client.simulator.set_session_status("default", SessionStatus::Failed).unwrap();
    let failed = || {
        let attempts = client.simulator.webhook_attempts();
        attempts.iter().any(|attempt| !attempt.is_delivered()).then_some(())
    };
    eventually("the FAILED webhook was refused", failed).await;
    client.simulator.restart_losing_memory();
    client.reaches("default", SessionStatus::Working).await;

    let after = announced(&receiver, before + 3).await.split_off(before);
    assert_eq!(after, ["FAILED", "STARTING", "WORKING"]);
}

#[tokio::test]
async fn a_deleted_session_can_be_deleted_again() {
    let client = Client::working(quick(), json!({})).await;
    for _ in 0..2 {
        let deleted = client.call(Method::DELETE, "/api/sessions/default", None).await;
        assert_eq!(deleted, (200, Value::String(String::new())));
    }
    assert_eq!(client.get("/api/sessions/default").await.0, 404);
}

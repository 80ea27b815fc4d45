//! Every recorded answer is given again: same status, same content type, same JSON.

use std::{collections::BTreeSet, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use waha_simulator::{Match, Misbehaviour, Rule, SessionStatus, Simulator, SimulatorOptions};

use crate::{
    capture::{Exchange, exchanges},
    client::{Client, quick},
    json_likeness::differences,
};

/// The state of the session `default` when a recording was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Given {
    NoSession,
    Stopped,
    Starting,
    ScanQrCode,
    Working,
    /// Unlinked on the phone, after it had sent something.
    FailedAfterWorking,
    /// Never paired.
    Failed,
}
use Given::{Failed, FailedAfterWorking, NoSession, ScanQrCode, Starting, Stopped, Working};

/// Recordings of 2026.2.1 Core that 2026.7.1 answers otherwise, or that are not simulated, and why.
const NOT_REPLAYED: [(&str, &str); 18] = [
    ("02b-health", "since 2026.6.1 /health answers in every image"),
    ("10-get-unknown", "since 2026.6.1 any number of sessions: an unknown one is a 404"),
    ("13-create-othername", "since 2026.6.1 any number of sessions: it is created"),
    ("44-create-nostart", "Core answered nothing after a deletion; 2026.7.1 answers the session"),
    ("50-create-start", "Core answered nothing after a deletion; 2026.7.1 answers the session"),
    ("58-new-message-id", "the route is there since 2026.4.3"),
    ("58-sendImage-core", "media came with 2026.6.1; not simulated"),
    ("82-sendImage-core", "media came with 2026.6.1; not simulated"),
    ("59-screenshot", "not simulated"),
    ("5c-keys-list", "not simulated"),
    ("76-sendLocation", "not simulated"),
    ("77-sendPoll", "not simulated"),
    ("78-reaction", "not simulated"),
    ("84-sendList", "not simulated"),
    ("85-forward-missing", "not simulated"),
    ("86-chats", "not simulated; the same refusal is tested for a chat's messages"),
    ("87-sendContactVcard", "not simulated"),
    ("70b-sendText-same-id", "replayed by itself: 2026.2.1 throws chosen ids away"),
];

/// Recordings, the state they were made in, and the recording whose request configured the session.
const REPLAYED: [(&str, Given, Option<&str>); 78] = [
    ("01-ping", NoSession, None),
    ("02-health-nokey", NoSession, None),
    ("03-version", NoSession, None),
    ("04-status", NoSession, None),
    ("05-nokey", NoSession, None),
    ("06-badkey", NoSession, None),
    ("07-list-initial", Stopped, None),
    ("08-list-all-initial", Stopped, None),
    ("09-get-default", Stopped, None),
    ("11-send-stopped", Stopped, None),
    ("12-404route", Stopped, None),
    ("20-create-badwebhook", Stopped, None),
    ("20b-create-badname", Stopped, None),
    ("21-create-nostart", Stopped, None),
    ("22-get-created", Stopped, None),
    ("23-create-again", Stopped, None),
    ("24-qr-stopped", Stopped, None),
    ("25-start", Stopped, None),
    ("26-get-after-start", Starting, None),
    ("27-list", Starting, None),
    ("28-qr-starting", Starting, None),
    ("30-send-starting", Starting, None),
    ("31-start-again", Starting, None),
    ("32-me", Starting, None),
    ("33-check-exists-starting", Failed, None),
    ("34-stop", Failed, None),
    ("35-stop-again", Stopped, None),
    ("36-restart-stopped", Stopped, None),
    ("37-logout", Starting, None),
    ("38-delete", Starting, None),
    ("39-get-deleted", NoSession, None),
    ("40-delete-again", NoSession, None),
    ("41-start-deleted", NoSession, None),
    ("42-send-deleted", NoSession, None),
    ("43-list-all-deleted", NoSession, None),
    ("45-get-created", NoSession, None),
    ("46-put-update", NoSession, None),
    ("47-start", NoSession, None),
    ("48-list", NoSession, None),
    ("51-list", NoSession, None),
    ("52-get", NoSession, None),
    ("53-put-update-running", NoSession, None),
    ("54-get", NoSession, None),
    ("55-sendText-missing-fields", NoSession, None),
    ("56-sendText-nosession", NoSession, None),
    ("57-sendText-badjson", NoSession, None),
    ("5a-startTyping", NoSession, None),
    ("50-put-config-stopped", Stopped, None),
    ("51-start", Stopped, Some("50-put-config-stopped")),
    ("52-list", Starting, Some("50-put-config-stopped")),
    ("53-get", Starting, Some("50-put-config-stopped")),
    ("54-put-config-running", Starting, Some("50-put-config-stopped")),
    ("55-get", Starting, Some("54-put-config-running")),
    ("56-list-expand", Starting, Some("54-put-config-running")),
    ("57-sendText-missing-fields", Starting, Some("54-put-config-running")),
    ("59-logout", Starting, Some("54-put-config-running")),
    ("5a-restart", Starting, Some("54-put-config-running")),
    ("60-put-config", Stopped, None),
    ("61-start", Stopped, Some("60-put-config")),
    ("62-qr-raw", ScanQrCode, Some("60-put-config")),
    ("63-qr-json", ScanQrCode, Some("60-put-config")),
    ("65-request-code", ScanQrCode, Some("60-put-config")),
    ("66-send-in-scanqr", ScanQrCode, Some("60-put-config")),
    ("67-get-working", Working, Some("60-put-config")),
    ("68-me", Working, Some("60-put-config")),
    ("69-qr-when-working", Working, Some("60-put-config")),
    ("70-sendText", Working, Some("60-put-config")),
    ("71-sendText-missing", Working, Some("60-put-config")),
    ("72-sendText-badchat", Working, Some("60-put-config")),
    ("73-sendText-enginefail", Working, Some("60-put-config")),
    ("74-check-exists", Working, Some("60-put-config")),
    ("75-check-not-exists", Working, Some("60-put-config")),
    ("79-sendSeen", Working, Some("60-put-config")),
    ("64-qr-png", ScanQrCode, Some("60-put-config")),
    ("80-startTyping", Working, Some("60-put-config")),
    ("81-stopTyping", Working, Some("60-put-config")),
    ("90-get-loggedout", FailedAfterWorking, Some("60-put-config")),
    ("91-send-failed", FailedAfterWorking, Some("60-put-config")),
];

#[tokio::test]
async fn every_recorded_answer_is_given_again() {
    let mut failures = Vec::new();
    for (name, given, config) in REPLAYED {
        let client = client(given, config).await;
        failures.extend(replay(&client, name).await.into_iter().map(|f| format!("{name}: {f}")));
        client.simulator.shutdown().await;
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[tokio::test]
async fn an_older_waha_throws_chosen_ids_away() {
    let options = SimulatorOptions { ignore_chosen_ids: true, ..recorded() };
    let client = Client::working(options, json!({})).await;
    assert_eq!(replay(&client, "70b-sendText-same-id").await, Vec::<String>::new());
    let sent = client.simulator.ledger().remove(0);
    assert_eq!(sent.requested_id.as_deref(), Some("3EB0AAAAAAAAAAAAAAAAAA"));
    assert_ne!(sent.requested_id, sent.message_id);
}

#[test]
fn every_recording_is_replayed_or_listed_with_a_reason() {
    let replayed = REPLAYED.iter().map(|(name, ..)| *name);
    let listed = NOT_REPLAYED.iter().map(|(name, _)| *name);
    let known: BTreeSet<_> = replayed.chain(listed).map(str::to_owned).collect();
    assert_eq!(known, exchanges().into_iter().collect());
}

#[test]
fn the_waits_before_a_refusal_are_the_recorded_ones() {
    let options = SimulatorOptions::default();
    assert_eq!(options.not_running_wait, Duration::from_secs(5));
    assert_eq!(options.wrong_status_wait, Duration::from_secs(10));
}

/// The server that was recorded.
fn recorded() -> SimulatorOptions {
    SimulatorOptions {
        api_key: "testkey-abc".to_owned(),
        version: "2026.2.1".to_owned(),
        ..quick()
    }
}

/// A simulator whose session `default` is in the given state.
async fn client(given: Given, config: Option<&str>) -> Client {
    let stays_starting = matches!(given, Stopped | Starting | Failed);
    let starting_for = Duration::from_millis(if stays_starting { 60_000 } else { 1 });
    let client = Client::start(SimulatorOptions { starting_for, ..recorded() }).await;
    if given == NoSession {
        return client;
    }
    let body = config.map(|name| Exchange::read(name).request.body);
    let mut body: Value = body.map_or(json!({}), |body| serde_json::from_str(&body).unwrap());
    body["name"] = "default".into();
    assert_eq!(client.post("/api/sessions", body).await.0, 201);
    if given != Stopped {
        assert_eq!(client.post("/api/sessions/default/start", json!({})).await.0, 201);
    }
    match given {
        NoSession | Stopped | Starting => {}
        ScanQrCode => client.reaches("default", SessionStatus::ScanQrCode).await,
        Working => client.pair("default").await,
        FailedAfterWorking => {
            client.pair("default").await;
            assert_eq!(client.send("hi").await.unwrap().0, 201);
            client.simulator.unlink("default").unwrap();
        }
        Failed => {
            client.simulator.set_session_status("default", SessionStatus::Failed).unwrap();
        }
    }
    fail_as_the_stub_did(&client.simulator);
    client
}

/// The engine behind the recordings threw when it was to send this word.
fn fail_as_the_stub_did(simulator: &Simulator) {
    let failure = Misbehaviour::Answer { status: 500, sent: false, exception: None };
    simulator.misbehave(Rule::once(Match::text("FAIL"), failure));
}

async fn replay(client: &Client, name: &str) -> Vec<String> {
    let recorded = Exchange::read(name);
    let method = Method::from_bytes(recorded.method.as_bytes()).unwrap();
    let url = format!("{}{}", client.simulator.base_url(), recorded.path);
    let mut request = client.http.request(method, url);
    for (header, value) in &recorded.request.headers {
        if ["x-api-key", "accept", "content-type"].contains(&&*header.to_lowercase()) {
            request = request.header(header, value);
        }
    }
    let answer = request.body(recorded.request.body.clone()).send().await.unwrap();

    let mut failures = Vec::new();
    if answer.status().as_u16() != recorded.status {
        failures.push(format!("status {}, recorded {}", answer.status(), recorded.status));
    }
    let content_type = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap());
    if content_type != recorded.response.header("Content-Type") {
        failures.push(format!("content type {content_type:?}"));
    }
    let bytes = answer.bytes().await.unwrap();
    failures.extend(body_differences(&recorded.response.body, &bytes));
    failures
}

fn body_differences(recorded: &str, given: &[u8]) -> Vec<String> {
    if let Some((_, head)) = recorded.split_once("image/png head=") {
        let same = hex::encode(&given[..16]) == head.trim_end_matches('>');
        return if same { vec![] } else { vec!["not a PNG".to_owned()] };
    }
    if recorded.is_empty() {
        return if given.is_empty() { vec![] } else { vec!["a body".to_owned()] };
    }
    match serde_json::from_slice(given) {
        Ok(given) => differences(&serde_json::from_str(recorded).unwrap(), &given),
        Err(_) => vec!["no JSON".to_owned()],
    }
}

//! Every route served is a route of WAHA 2026.7.1.

use std::{collections::BTreeSet, fs};

use reqwest::Method;

use crate::{
    capture,
    client::{Client, quick},
};

/// What is simulated.
const SERVED: [&str; 24] = [
    "GET /ping",
    "GET /health",
    "GET /api/server/version",
    "GET /api/server/status",
    "GET /api/sessions",
    "POST /api/sessions",
    "GET /api/sessions/{session}",
    "PUT /api/sessions/{session}",
    "DELETE /api/sessions/{session}",
    "GET /api/sessions/{session}/me",
    "POST /api/sessions/{session}/start",
    "POST /api/sessions/{session}/stop",
    "POST /api/sessions/{session}/restart",
    "POST /api/sessions/{session}/logout",
    "GET /api/{session}/auth/qr",
    "POST /api/{session}/auth/request-code",
    "POST /api/sendText",
    "POST /api/sendSeen",
    "POST /api/startTyping",
    "POST /api/stopTyping",
    "GET /api/{session}/new-message-id",
    "GET /api/contacts/check-exists",
    "GET /api/{session}/chats/overview",
    "GET /api/{session}/chats/{chatId}/messages",
];

#[test]
fn every_served_route_is_documented() {
    let documented = documented();
    let missing: Vec<_> = SERVED.iter().filter(|route| !documented.contains(**route)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_path_in_the_source_is_documented() {
    let paths: BTreeSet<_> = documented()
        .into_iter()
        .filter_map(|route| Some(route.split_once(' ')?.1.to_owned()))
        .collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api");
    for file in fs::read_dir(folder).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for path in source.split('"').filter(|text| text.starts_with("/api/")) {
            assert!(paths.contains(path), "{path}");
        }
    }
}

#[tokio::test]
async fn every_served_route_answers() {
    let client = Client::start(quick()).await;
    for route in SERVED {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{session}", "none").replace("{chatId}", "1@c.us");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let (_, body) = client.call(method, &path, None).await;
        let message = body["message"].as_str().unwrap_or_default();
        assert!(!message.starts_with("Cannot "), "{route}: {message}");
    }
}

#[tokio::test]
async fn what_is_not_simulated_says_so() {
    let client = Client::start(quick()).await;
    let (status, body) = client.post("/api/sendPoll", serde_json::json!({})).await;
    assert_eq!((status, &body["error"]), (501, &"Not Implemented".into()));
}

fn documented() -> BTreeSet<String> {
    capture::read("openapi-2026.7.1-paths.txt").lines().map(str::to_owned).collect()
}

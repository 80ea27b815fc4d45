//! Every recorded webhook is posted again: same headers, same envelope, same payload, valid MAC.

use hmac::{Hmac, KeyInit, Mac};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};
use sha2::Sha512;
use waha_simulator::SimulatorOptions;

use crate::{
    capture::{self, Part},
    client::{Client, quick},
    json_likeness::differences,
    receiver::{Received, Receiver},
};

/// What 2026.7.1 posts and 2026.2.1 did not, and why.
const CHANGED_SINCE: [(&str, &str); 1] = [(
    "$.payload.data is not recorded",
    "session.status carries the passkey's data since 2026.7.1",
)];

#[tokio::test]
async fn every_recorded_webhook_is_posted_again() {
    let receiver = Receiver::start().await;
    let options = SimulatorOptions { version: "2026.2.1".to_owned(), ..quick() };
    let client = Client::working(options, configuration(&receiver.url)).await;
    assert_eq!(client.send("hi").await.unwrap().0, 201);
    client.simulator.receive("default", "11111111111@c.us", "Hello!").unwrap();

    for event in ["session.status", "message.any", "message.ack", "message"] {
        let recorded = capture::webhook(event);
        let posted = receiver.await_event(event, 1).await;
        // Events are unordered, so the recorded one is found by what it is about.
        let about = |posted: &&Received| {
            let (given, wanted) = (posted.json(), json_of(&recorded));
            ["status", "fromMe", "ack"]
                .iter()
                .all(|field| given["payload"].get(field) == wanted["payload"].get(field))
        };
        let posted = match posted.iter().find(about) {
            Some(posted) => posted.clone(),
            None => panic!("no {event} like the recorded one among {posted:?}"),
        };
        assert_same(event, &recorded, &posted);
    }
}

fn configuration(url: &str) -> Value {
    json!({
        "metadata": { "tenant.id": "t-1" },
        "webhooks": [{
            "url": url,
            "events": ["session.status", "message", "message.any", "message.ack"],
            "hmac": { "key": "session-secret" },
            "customHeaders": [{ "name": "X-Tenant", "value": "t-1" }],
        }],
    })
}

fn assert_same(event: &str, recorded: &Part, posted: &Received) {
    let names = |headers: &[(String, String)]| -> Vec<String> {
        let mut names: Vec<_> = headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&posted.headers), names(&recorded.headers), "{event}");
    assert_eq!(keys_in_order(&posted.body), keys_in_order(&recorded.body), "{event}");

    let differing = differences(&json_of(recorded), &posted.json());
    let known = |difference: &String| CHANGED_SINCE.iter().any(|(known, _)| known == difference);
    let differing: Vec<_> = differing.into_iter().filter(|found| !known(found)).collect();
    assert!(differing.is_empty(), "{event}: {differing:?}");

    for same in ["Accept", "Content-Type", "User-Agent", "X-Tenant", "X-Webhook-Hmac-Algorithm"] {
        assert_eq!(posted.header(same), recorded.header(same), "{event}");
    }
    let timestamp = posted.json()["timestamp"].to_string();
    assert_eq!(posted.header("X-Webhook-Timestamp"), Some(timestamp.as_str()));
    let length = |header: Option<&str>| header.map(str::len);
    let request_id = "X-Webhook-Request-Id";
    assert_eq!(length(posted.header(request_id)), length(recorded.header(request_id)));
    let id = |body: &Value| body["id"].as_str().map(str::len);
    assert_eq!(id(&posted.json()), id(&json_of(recorded)));

    for (body, mac) in [
        (&recorded.body, recorded.header("X-Webhook-Hmac")),
        (&posted.body, posted.header("X-Webhook-Hmac")),
    ] {
        verify(body, mac.unwrap());
    }
}

fn json_of(recorded: &Part) -> Value {
    serde_json::from_str(&recorded.body).unwrap()
}

fn verify(body: &str, mac: &str) {
    let mut expected = Hmac::<Sha512>::new_from_slice(b"session-secret").unwrap();
    expected.update(body.as_bytes());
    expected.verify_slice(&hex::decode(mac).unwrap()).unwrap();
    assert_eq!(mac, mac.to_lowercase());
}

/// The keys of the envelope in the order of its bytes.
fn keys_in_order(body: &str) -> Vec<String> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;
        fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
            formatter.write_str("an envelope")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
            let mut keys = Vec::new();
            while let Some((key, IgnoredAny)) = map.next_entry()? {
                keys.push(key);
            }
            Ok(keys)
        }
    }
    serde_json::Deserializer::from_str(body).deserialize_map(Keys).unwrap()
}

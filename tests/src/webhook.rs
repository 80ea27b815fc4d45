//! Webhooks written by hand, as WAHA would send them or as nobody should.

use domain::ports::Ambient;
use heliograph::ambient::SystemAmbient;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use crate::answer::Answer;
use crate::caller::Caller;
use crate::eventually::eventually;
use crate::sessions::Session;
use crate::setup::WEBHOOK_SECRET;

/// Where WAHA delivers.
pub const PATH: &str = "/webhooks/waha";

/// A signature as WAHA makes it: HMAC-SHA512 in hexadecimal.
pub fn sha512(secret: &str, body: &[u8]) -> String {
    let mac = <Hmac<Sha512> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    hex::encode(mac.chain_update(body).finalize().into_bytes())
}

/// A signature in the older format: `sha256=` and HMAC-SHA256 in hexadecimal.
pub fn sha256(secret: &str, body: &[u8]) -> String {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    format!("sha256={}", hex::encode(mac.chain_update(body).finalize().into_bytes()))
}

/// An event of a session, with an id of its own.
pub fn event(session: &Session, name: &str, payload: &Value) -> Value {
    json!({
        "id": format!("evt_{}", SystemAmbient.new_id().simple()),
        "event": name,
        "session": session.waha_name,
        "payload": payload,
        "engine": "NOWEB",
    })
}

/// An acknowledgement of a message of ours.
pub fn ack(session: &Session, bare_id: &str, level: i64) -> Value {
    let id = format!("true_{}_{bare_id}", crate::messages::BOBS_CHAT);
    event(session, "message.ack", &json!({ "id": id, "fromMe": true, "ack": level }))
}

/// A message somebody wrote.
pub fn arrival(session: &Session, bare_id: &str, from: &str, body: &str) -> Value {
    let payload = json!({
        "id": format!("false_{from}_{bare_id}"), "from": from, "fromMe": false, "body": body,
        "hasMedia": false, "media": null,
    });
    event(session, "message", &payload)
}

impl Caller {
    /// A webhook without a signature.
    pub fn webhook(&self, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let request = self.request(Method::POST, PATH).header("Content-Type", "application/json");
        request.body(body.into())
    }

    /// A webhook signed with a secret, as WAHA signs.
    pub fn signed_webhook(&self, secret: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let body = body.into();
        let signature = sha512(secret, &body);
        let request = self.webhook(body).header("X-Webhook-Hmac", signature);
        request.header("X-Webhook-Hmac-Algorithm", "sha512")
    }

    /// Delivers an event, signed with the installation's own secret.
    pub async fn deliver(&self, event: &Value) -> Answer {
        self.send(self.signed_webhook(WEBHOOK_SECRET, event.to_string())).await
    }

    /// The installation's webhooks in numbers, once they are so. Who asks too often is told later.
    pub async fn webhook_stats(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut latest = Value::Null;
        let look = async || {
            let answer = self.get("/webhooks/stats").await;
            if answer.status != 429 {
                latest = answer.expect(200).data().clone();
            }
            latest.clone()
        };
        eventually(what, look, is_so).await
    }

    /// Waits until so many webhooks about an event are here and something is made of every one.
    pub async fn webhooks_processed(&self, event: &str, count: u64) -> Value {
        let is_so = |stats: &Value| stats["byEvent"][event] == count && stats["unprocessed"] == 0;
        self.webhook_stats(&format!("{count} of {event} are processed"), is_so).await
    }

    /// Waits until so many webhooks had this effect; answers all the numbers.
    pub async fn webhooks_are(&self, effect: &str, count: u64) -> Value {
        let is_so = |stats: &Value| stats["byEffect"][effect] == count;
        self.webhook_stats(&format!("{count} webhooks are {effect}"), is_so).await
    }
}

//! Requests that are to be carried out once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::caller::Caller;
use crate::eventually::eventually;
use crate::messages::BOB;
use crate::sessions::Session;

impl Caller {
    /// `POST path` with a JSON body, under a key.
    pub async fn post_once(&self, key: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("Idempotency-Key", key);
        self.send(request.json(body)).await
    }

    /// `POST path` without a body, under a key.
    pub async fn act_once(&self, key: &str, path: &str) -> Answer {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key)).await
    }

    /// Sends a text to Bob under a key.
    pub async fn send_once(&self, key: &str, session: &Session, text: &str) -> Answer {
        self.post_once(key, "/messages/send", &to_bob(session, text)).await
    }

    /// The same, again and again until it is neither under way elsewhere nor impossible for a while.
    pub async fn send_once_until_answered(
        &self,
        key: &str,
        session: &Session,
        text: &str,
    ) -> Answer {
        let look = async || self.send_once(key, session, text).await;
        let is_answered = |answer: &Answer| !matches!(answer.status, 409 | 503);
        eventually("the request is answered", look, is_answered).await
    }
}

/// The body of a request that sends a text to Bob.
pub fn to_bob(session: &Session, text: &str) -> Value {
    json!({ "sessionId": session.id, "to": BOB, "body": text })
}

impl Answer {
    /// Whether it was given before.
    pub fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }
}

//! Messages as callers see them.

use serde_json::{Value, json};
use waha_simulator::{LedgerEntry, Simulator};

use crate::caller::Caller;
use crate::eventually::eventually;
use crate::sessions::Session;

/// Somebody to write to.
pub const BOB: &str = "+6281234567890";
/// Bob's chat, as WAHA names it.
pub const BOBS_CHAT: &str = "6281234567890@c.us";

/// The number of somebody; each `n` is somebody else.
pub fn somebody(n: usize) -> String {
    format!("+6282{n:08}")
}

impl Caller {
    /// Sends a text to Bob; answers the message's id.
    pub async fn send_text(&self, session: &Session, body: &str) -> String {
        self.send_to(session, BOB, body).await
    }

    /// Sends a text to somebody; answers the message's id.
    pub async fn send_to(&self, session: &Session, to: &str, body: &str) -> String {
        self.send_as(session, json!({ "to": to, "body": body })).await
    }

    /// Sends with these fields and, if they name none, to Bob; answers the message's id.
    pub async fn send_as(&self, session: &Session, mut fields: Value) -> String {
        fields["sessionId"] = json!(session.id);
        if fields["to"].is_null() {
            fields["to"] = json!(BOB);
        }
        self.post("/messages/send", &fields).await.expect(202).text("id")
    }

    /// A message as it is now; waits until it can be seen.
    pub async fn message(&self, id: &str) -> Value {
        let path = format!("/messages/{id}");
        let look = async || self.get(&path).await;
        eventually("the message can be seen", look, |answer| answer.status == 200)
            .await
            .data()
            .clone()
    }

    /// Waits until the message has a status.
    pub async fn message_becomes(&self, id: &str, status: &str) -> Value {
        let look = async || self.message(id).await;
        eventually(&format!("the message is {status}"), look, |seen| seen["status"] == status).await
    }

    /// What happened to a message, oldest first.
    pub async fn history(&self, id: &str) -> Vec<Value> {
        self.get(&format!("/messages/{id}/events")).await.expect(200).rows().to_vec()
    }

    /// The names of what happened to a message, oldest first.
    pub async fn story(&self, id: &str) -> Vec<String> {
        let kind = |event: &Value| event["type"].as_str().expect("an event has a type").to_owned();
        self.history(id).await.iter().map(kind).collect()
    }

    /// Waits until a message's history ends like this.
    pub async fn story_becomes(&self, id: &str, story: &[&str]) {
        let look = async || self.story(id).await;
        eventually("the message's history is complete", look, |seen| seen == story).await;
    }
}

/// What WAHA was asked to send with this text.
pub fn ledger_of(waha: &Simulator, text: &str) -> Vec<LedgerEntry> {
    waha.ledger().into_iter().filter(|entry| entry.text == text).collect()
}

/// The texts WAHA really sent, in order.
pub fn sent_texts(waha: &Simulator) -> Vec<String> {
    waha.ledger().into_iter().filter(LedgerEntry::is_sent).map(|entry| entry.text).collect()
}

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

    /// A dead letter, with its attempts.
    pub async fn dead_letter(&self, id: &str) -> Value {
        self.get(&format!("/dead-letters/{id}")).await.expect(200).data().clone()
    }

    /// What happened to a message, oldest first.
    pub async fn history(&self, id: &str) -> Vec<Value> {
        self.get(&format!("/messages/{id}/events")).await.expect(200).rows().to_vec()
    }

    /// The same, once it ends with this event; histories and messages are views that move apart.
    pub async fn history_until(&self, id: &str, last: &str) -> Vec<Value> {
        let look = async || self.history(id).await;
        let is_so = |seen: &Vec<Value>| seen.last().is_some_and(|event| event["type"] == last);
        eventually(&format!("the history ends with {last}"), look, is_so).await
    }

    /// The names of what happened to a message, oldest first, once the last is this.
    pub async fn story_until(&self, id: &str, last: &str) -> Vec<String> {
        names(&self.history_until(id, last).await)
    }

    /// Waits until this, and no more, is what happened to a message.
    pub async fn story_becomes(&self, id: &str, story: &[&str]) {
        let look = async || names(&self.history(id).await);
        eventually("the message's history is complete", look, |seen| seen == story).await;
    }
}

fn names(history: &[Value]) -> Vec<String> {
    let name = |event: &Value| event["type"].as_str().expect("an event has a type").to_owned();
    history.iter().map(name).collect()
}

/// What WAHA was asked to send with this text.
pub fn ledger_of(waha: &Simulator, text: &str) -> Vec<LedgerEntry> {
    waha.ledger().into_iter().filter(|entry| entry.text == text).collect()
}

/// The texts WAHA really sent, in order.
pub fn sent_texts(waha: &Simulator) -> Vec<String> {
    waha.ledger().into_iter().filter(LedgerEntry::is_sent).map(|entry| entry.text).collect()
}

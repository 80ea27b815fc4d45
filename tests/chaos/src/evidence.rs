//! What the checker goes by: what senders were told, what WAHA did, what the API shows, what the log says.

use std::collections::HashMap;

use acceptance::caller::Caller;
use acceptance::eventually::within;
use acceptance::process::{self, Environment};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::run::PATIENCE;

/// What the checker goes by.
#[derive(Debug, Default)]
pub struct Evidence {
    /// What senders were told was accepted, each chat's in order.
    pub accepted: Vec<Accepted>,
    /// What WAHA was asked to send, in order of arrival.
    pub ledger: Vec<LedgerEntry>,
    /// The status the API shows of each message, by id.
    pub shown: HashMap<String, String>,
    /// The messages in the log, in the order in which they were queued.
    pub log: Vec<Logged>,
}

/// A message somebody was told was accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// Its text, which no other message has.
    pub text: String,
    /// The session and whom it is for.
    pub chat: String,
}

/// What WAHA was asked to send.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// The text.
    pub text: String,
    /// WhatsApp's id of it; none if nothing was sent.
    pub message_id: Option<String>,
}

/// A message as the log has it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Whether the outcome of an attempt was unknown once.
    pub was_in_doubt: bool,
    /// Whether it was looked for, and left unknown because nothing proves anything.
    pub is_left: bool,
}

/// A line of the export.
#[derive(Debug, Deserialize)]
struct Line {
    position: String,
    stream: String,
    #[serde(rename = "type")]
    event_type: String,
    data: Value,
}

/// The log as it was exported.
#[derive(Debug, Default)]
pub struct Export {
    /// The messages, in the order in which they were queued.
    pub messages: Vec<Logged>,
    /// The last event's position.
    pub end: String,
}

impl Export {
    /// Asks the command line for it.
    pub async fn take(environment: &Environment) -> Self {
        let output = process::run(environment, &["log", "export"], "").await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::read(&String::from_utf8_lossy(&output.stdout))
    }

    fn read(lines: &str) -> Self {
        let mut export = Self::default();
        let mut places = HashMap::new();
        for line in lines.lines() {
            let line: Line = serde_json::from_str(line).expect("a line of the export is JSON");
            match line.event_type.as_str() {
                "message_queued" => {
                    places.insert(line.stream.clone(), export.messages.len());
                    export.messages.push(Logged {
                        id: line.stream[line.stream.len() - ID_LENGTH..].to_owned(),
                        text: line.data["body"].as_str().unwrap_or_default().to_owned(),
                        was_in_doubt: false,
                        is_left: false,
                    });
                }
                "message_outcome_unknown" => {
                    if let Some(place) = places.get(&line.stream) {
                        export.messages[*place].was_in_doubt = true;
                    }
                }
                "message_left_unknown" => {
                    if let Some(place) = places.get(&line.stream) {
                        export.messages[*place].is_left = true;
                    }
                }
                _ => {}
            }
            export.end = line.position;
        }
        export
    }
}

/// A stream's name ends with an id, written with hyphens.
const ID_LENGTH: usize = 36;

/// The simulator's ledger.
pub async fn ledger(waha: &Caller) -> Vec<LedgerEntry> {
    let answer = waha.get("/simulator/ledger").await.expect(200);
    serde_json::from_value(answer.body).expect("the ledger is a list")
}

/// The status of every message of a tenant, by id, as of a position in the log.
pub async fn shown(tenant: &Caller, position: &str) -> HashMap<String, String> {
    let mut statuses = HashMap::new();
    let mut query = "/messages?direction=outbound&limit=100".to_owned();
    loop {
        let look = async || {
            let request = tenant.request(Method::GET, &query).header("X-Read-After", position);
            tenant.send(request).await
        };
        let page =
            within(PATIENCE, "the view is up to date", look, |page| page.status == 200).await;
        for row in page.rows() {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            statuses.insert(text("id"), text("status"));
        }
        let Value::String(cursor) = &page.body["meta"]["nextCursor"] else { return statuses };
        query = format!("/messages?direction=outbound&limit=100&cursor={cursor}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_tells_the_order_of_queueing_and_who_was_in_doubt() {
        let id = |n: u32| format!("00000000-0000-0000-0000-00000000000{n}");
        let line = |position: &str, n: u32, event_type: &str, body: &str| {
            let stream = format!("message-{}-{}", id(9), id(n));
            let data = serde_json::json!({ "body": body });
            let line = serde_json::json!({
                "position": position, "stream": stream, "version": 1, "type": event_type, "data": data,
            });
            format!("{line}\n")
        };
        let lines = [
            line("1-1", 2, "message_queued", "b"),
            line("1-2", 1, "message_queued", "a"),
            line("2-3", 2, "message_outcome_unknown", ""),
            line("2-4", 1, "message_sent", ""),
        ]
        .concat();
        let export = Export::read(&lines);
        let told: Vec<_> = export
            .messages
            .iter()
            .map(|m| (m.id.clone(), m.text.as_str(), m.was_in_doubt))
            .collect();
        assert_eq!(told, [(id(2), "b", true), (id(1), "a", false)]);
        assert_eq!(export.end, "2-4");
    }
}

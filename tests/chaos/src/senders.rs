//! Clients that send one message after the other, and keep what they were told.
//!
//! Invariant: a chat belongs to one sender, who waits for each answer: so the order of what was accepted for a chat is
//! an order that somebody saw, and may rely on.

use std::time::Duration;

use acceptance::caller::Caller;
use acceptance::clock::in_ms;
use acceptance::messages::somebody;
use acceptance::sessions::Session;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::evidence::Accepted;

/// People a sender writes to.
const CHATS: usize = 4;
const BETWEEN_MESSAGES_MS: std::ops::Range<u64> = 30..220;
/// One in so many messages is no good any more after a moment.
const EXPIRES_ONE_IN: u32 = 25;
const EXPIRES_MS: std::ops::Range<i64> = 500..4_000;

/// Somebody who sends through a session.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Whose it is.
    pub tenant: Caller,
    /// Through which session.
    pub session: Session,
    /// Its number, which its texts begin with.
    pub number: usize,
}

/// What a sender was told.
#[derive(Debug, Default)]
pub struct Diary {
    /// What was accepted, in order.
    pub accepted: Vec<Accepted>,
    /// How many requests were refused or not answered; some of them may have been accepted all the same.
    pub unanswered: usize,
}

impl Sender {
    /// Sends for so long, to an engine drawn for each message.
    pub async fn send(&self, seed: u64, doors: &[String; 2], time: Duration) -> Diary {
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(1 + self.number as u64));
        let (mut diary, end) = (Diary::default(), Instant::now() + time);
        for n in 0.. {
            sleep(Duration::from_millis(random.random_range(BETWEEN_MESSAGES_MS))).await;
            if Instant::now() >= end {
                break;
            }
            let to = somebody(random.random_range(0..CHATS));
            let text = format!("sender {} message {n}", self.number);
            let fields = self.draw(&mut random, &to, &text);
            let door = &doors[random.random_range(0..doors.len())];
            match self.post(door, &fields).await {
                Some(id) => {
                    let chat = format!("{} {to}", self.session.id);
                    diary.accepted.push(Accepted { id, text, chat });
                }
                None => diary.unanswered += 1,
            }
        }
        diary
    }

    fn draw(&self, random: &mut StdRng, to: &str, text: &str) -> Value {
        let priority = ["low", "normal", "normal", "high"][random.random_range(0..4)];
        let mut fields = json!({
            "sessionId": self.session.id, "to": to, "body": text, "clientReference": text, "priority": priority,
        });
        let expires_ms = random.random_range(EXPIRES_MS);
        if random.random_ratio(1, EXPIRES_ONE_IN) {
            fields["expiresAt"] = json!(in_ms(expires_ms));
        }
        fields
    }

    /// The message's id, if an answer came and says that it was accepted.
    async fn post(&self, door: &str, fields: &Value) -> Option<String> {
        let request = self.tenant.at(door).request(Method::POST, "/messages/send").json(fields);
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        // What is not good for long may have run out before it was read.
        let may_be_refused = fields["expiresAt"].is_string();
        assert!(status == 202 || status >= 500 || may_be_refused, "{status} {text}");
        let body: Value = serde_json::from_str(&text).ok()?;
        (status == 202).then(|| body["data"]["id"].as_str().unwrap_or_default().to_owned())
    }
}

//! The walkthrough: signs in, connects a number, sends a message, and shows its way as it happens.
//!
//! A client like any other: everything goes over HTTP.

mod client;
mod mail;

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::credentials::Login;
use client::{Client, Failure};

const RECIPIENT: &str = "+6281234567890";
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Pairing takes a moment; so may a cold machine.
const SESSION_TIMEOUT: Duration = Duration::from_mins(1);
const DELIVERY_TIMEOUT: Duration = Duration::from_mins(1);

/// What became of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Delivered,
    NotDelivered,
}

pub(crate) struct Walkthrough<W> {
    client: Client,
    login: Login,
    session: String,
    out: W,
}

impl<W: Write> Walkthrough<W> {
    pub(crate) fn new(url: &str, login: &Login, out: W) -> Result<Self, Failure> {
        let client = Client::new(url)?;
        Ok(Self { client, login: login.clone(), session: String::new(), out })
    }

    pub(crate) async fn run(&mut self) -> Result<Outcome, Failure> {
        self.sign_in().await?;
        self.connect().await?;
        let message = self.send().await?;
        self.follow(&message).await
    }

    async fn sign_in(&mut self) -> Result<(), Failure> {
        writeln!(self.out, "\nSigning in as {} …", self.login.email)?;
        self.client.sign_in(&self.login.email, &self.login.password).await
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        writeln!(self.out, "Connecting a WhatsApp number: POST /sessions {{\"name\":\"main\"}}")?;
        let session = self.client.post("/sessions", &json!({ "name": "main" })).await?;
        self.session = text(&session, "id");
        let deadline = Instant::now() + SESSION_TIMEOUT;
        let mut shown = String::new();
        loop {
            let session = self.client.get(&format!("/sessions/{}", self.session)).await?;
            let status = text(&session, "status");
            if status != shown {
                let hint =
                    if status == "SCAN_QR_CODE" { "   (the simulated phone scans it)" } else { "" };
                writeln!(self.out, "  session {status}{hint}")?;
                shown.clone_from(&status);
            }
            if status == "WORKING" {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("the session is {status} and not WORKING").into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn send(&mut self) -> Result<String, Failure> {
        writeln!(self.out, "Sending: POST /messages/send to {RECIPIENT}")?;
        let request = json!({
            "sessionId": self.session,
            "to": RECIPIENT,
            "body": "Hello from Heliograph",
            "clientReference": "demo",
        });
        let message = self.client.post("/messages/send", &request).await?;
        let id = text(&message, "id");
        writeln!(self.out, "  accepted (202) as {id}; from here on it cannot be lost\n")?;
        Ok(id)
    }

    /// Shows each event as it is recorded, and the status it leads to, until the message is read.
    async fn follow(&mut self, id: &str) -> Result<Outcome, Failure> {
        let deadline = Instant::now() + DELIVERY_TIMEOUT;
        let mut shown = 0;
        loop {
            let events = self.client.get(&format!("/messages/{id}/events")).await?;
            for event in events.as_array().into_iter().flatten().skip(shown) {
                self.show(event)?;
                shown += 1;
            }
            let message = self.client.get(&format!("/messages/{id}")).await?;
            match text(&message, "status").as_str() {
                "read" | "played" if text(&last_of(&events), "type") == "message_read" => {
                    writeln!(
                        self.out,
                        "\nDelivered and read; the events above are the record of it."
                    )?;
                    return Ok(Outcome::Delivered);
                }
                "failed" | "expired" | "unknown" => return Ok(Outcome::NotDelivered),
                status if Instant::now() > deadline => {
                    let is_delivered = status == "delivered";
                    return Ok(if is_delivered {
                        Outcome::Delivered
                    } else {
                        Outcome::NotDelivered
                    });
                }
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    fn show(&mut self, event: &Value) -> std::io::Result<()> {
        let event_type = text(event, "type");
        let status = match event_type.as_str() {
            "message_queued" => "QUEUED",
            "message_attempt_started" => "SENDING",
            "message_sent" => "SENT",
            "message_delivered" => "DELIVERED",
            "message_read" => "READ",
            _ => "",
        };
        writeln!(self.out, "  {status:<10} {event_type:<24} {}", event["data"])
    }

    /// What to try next.
    pub(crate) fn tell_how_to_go_on(&mut self) -> std::io::Result<()> {
        let url = self.client.url();
        let Login { email, password } = &self.login;
        let session = &self.session;
        writeln!(
            self.out,
            "
Heliograph keeps serving on {url} until ctrl-C.
  e-mail    {email}
  password  {password}

Try:
  TOKEN=$(curl -s {url}/auth/login -H 'Content-Type: application/json' -d '{{\"email\":\"{email}\",\"password\":\"{password}\"}}' | sed 's/.*\"accessToken\":\"\\([^\"]*\\)\".*/\\1/')
  curl -s {url}/messages/send -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{{\"sessionId\":\"{session}\",\"to\":\"+6281234567890\",\"body\":\"Hello again\"}}'
  curl -s {url}/messages -H \"Authorization: Bearer $TOKEN\"
"
        )
    }
}

fn last_of(events: &Value) -> Value {
    events.as_array().and_then(|events| events.last()).cloned().unwrap_or_default()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

//! Sessions as callers see them.

use reqwest::Method;
use serde_json::{Value, json};
use waha_simulator::Simulator;

use crate::caller::Caller;
use crate::eventually::eventually;

/// A session that was made.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// WAHA's name for it.
    pub waha_name: String,
}

impl Caller {
    /// Makes a session.
    pub async fn new_session(&self, name: &str) -> Session {
        let made = self.post("/sessions", &json!({ "name": name })).await.expect(201);
        Session { id: made.text("id"), waha_name: made.text("wahaSession") }
    }

    /// Makes a session and waits until it works; WAHA must scan by itself.
    pub async fn session(&self) -> Session {
        let session = self.new_session("main").await;
        self.session_becomes(&session, "WORKING").await;
        session
    }

    /// Makes a session and waits until it shows a code to be scanned.
    pub async fn unscanned_session(&self) -> Session {
        let session = self.new_session("main").await;
        self.session_becomes(&session, "SCAN_QR_CODE").await;
        session
    }

    /// Scans the session's code and waits until it works.
    pub async fn scan(&self, waha: &Simulator, session: &Session) {
        waha.scan(&session.waha_name).expect("there is no code to scan");
        self.session_becomes(session, "WORKING").await;
    }

    /// Waits until the session has a status.
    pub async fn session_becomes(&self, session: &Session, status: &str) -> Value {
        let path = format!("/sessions/{}", session.id);
        let look = async || self.get(&path).await.expect(200).data().clone();
        eventually(&format!("the session is {status}"), look, |seen| seen["status"] == status).await
    }
}

/// A session's webhooks, as WAHA has them.
pub async fn webhooks_of(waha: &Simulator, session: &Session) -> Vec<Value> {
    let client = Caller::nobody(waha.base_url());
    let request = client.request(Method::GET, &format!("/api/sessions/{}", session.waha_name));
    let shown = client.send(request.header("X-Api-Key", waha.api_key())).await.expect(200);
    shown.body["config"]["webhooks"].as_array().cloned().unwrap_or_default()
}

//! One session: its status, its pairing, its messages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{engine::Engine, message::ChatMessage, session_config::SessionConfig};

/// How many of the last statuses a `session.status` event carries.
const STATUSES_REPORTED: usize = 3;

/// The statuses of 2026.7.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are WAHA's and say it all")]
pub enum SessionStatus {
    Stopped,
    Starting,
    ScanQrCode,
    PasskeyRequired,
    PasskeyConfirmationRequired,
    Working,
    Failed,
}

/// The account a session is paired with.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    pub(crate) id: String,
    push_name: String,
    lid: String,
}

impl Me {
    /// The account on the `ordinal`-th phone, counted from one.
    pub(crate) fn of_phone(ordinal: u64) -> Self {
        Self {
            id: format!("{}@c.us", 79_990_000_000 + ordinal),
            push_name: "Tester".to_owned(),
            lid: format!("{}@lid", 55_555_555_554 + ordinal),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct StatusPoint {
    status: SessionStatus,
    timestamp: i64,
}

/// One session and everything it remembers.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) config: Option<SessionConfig>,
    pub(crate) status: SessionStatus,
    /// Raised by every start and stop, so that a walk begun earlier knows it is over.
    pub(crate) run: u64,
    pub(crate) paired: bool,
    pub(crate) me: Option<Me>,
    pub(crate) qr: String,
    pub(crate) messages: Vec<ChatMessage>,
    phone: u64,
    statuses: Vec<StatusPoint>,
    /// When it came to its status. A real one takes longer than a millisecond to the next, so no two have the same.
    pub(crate) entered_at_ms: i64,
    activity: Option<i64>,
}

impl Session {
    /// A stopped, unpaired session whose phone will be the `phone`-th one.
    pub(crate) fn new(name: String, config: Option<SessionConfig>, phone: u64) -> Self {
        Self {
            name,
            config,
            status: SessionStatus::Stopped,
            run: 0,
            paired: false,
            me: None,
            qr: String::new(),
            messages: Vec::new(),
            phone,
            statuses: Vec::new(),
            entered_at_ms: 0,
            activity: None,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.status != SessionStatus::Stopped
    }

    /// Ends the run there was; what belongs to it no longer changes the session.
    pub(crate) fn new_run(&mut self) -> u64 {
        self.run += 1;
        self.run
    }

    /// Takes a new status. A start begins a new history, as a new engine does.
    pub(crate) fn enter(&mut self, status: SessionStatus, at: DateTime<Utc>) {
        if !self.is_running() {
            self.statuses.clear();
            self.activity = None;
        }
        self.status = status;
        self.entered_at_ms = at.timestamp_millis().max(self.entered_at_ms + 1);
        self.statuses.push(StatusPoint { status, timestamp: self.entered_at_ms });
    }

    /// Remembers that the account did something through the API.
    pub(crate) fn touch(&mut self, at: DateTime<Utc>) {
        self.activity = Some(at.timestamp_millis());
    }

    /// The phone scans the code.
    pub(crate) fn pair(&mut self) {
        self.paired = true;
        self.me = Some(Me::of_phone(self.phone));
    }

    /// The pairing is given up.
    pub(crate) fn forget_pairing(&mut self) {
        self.paired = false;
        self.me = None;
    }

    /// Whether the NOWEB store, which keeps chats and messages, was asked for.
    pub(crate) fn keeps_store(&self) -> bool {
        self.config.as_ref().is_some_and(SessionConfig::keeps_store)
    }

    /// The payload of `session.status`.
    pub(crate) fn status_payload(&self) -> Value {
        let reported = self.statuses.len().saturating_sub(STATUSES_REPORTED);
        json!({
            "name": self.name,
            "status": self.status,
            "statuses": self.statuses.get(reported..),
            "data": null,
        })
    }

    /// The session as lists show it.
    pub(crate) fn listed(&self) -> Value {
        let timestamps = match (self.is_running(), self.activity) {
            (true, None) => json!({}),
            (_, activity) => json!({ "activity": activity }),
        };
        json!({
            "name": self.name,
            "status": self.status,
            "config": self.config,
            "me": self.me,
            "presence": null,
            "timestamps": timestamps,
        })
    }

    /// The session as its own address shows it: with the engine.
    pub(crate) fn detailed(&self, engine: Engine) -> Value {
        let mut info = self.listed();
        info["engine"] = if self.is_running() { json!({ "engine": engine }) } else { json!({}) };
        info
    }
}

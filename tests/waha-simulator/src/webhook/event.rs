//! An event and its envelope.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{
    clock, identifiers,
    options::{Environment, SimulatorOptions},
    session::{Me, Session},
    webhook::destination::Webhook,
};

/// The subscription to everything else.
pub(crate) const ALL_EVENTS: &str = "*";

/// The events of WAHA, in the order of its own validation message.
pub(crate) const EVENTS: [&str; 30] = [
    "session.status",
    "message",
    "message.reaction",
    "message.any",
    "message.ack",
    "message.ack.group",
    "message.waiting",
    "message.revoked",
    "message.edited",
    "state.change",
    "group.join",
    "group.leave",
    "group.v2.join",
    "group.v2.leave",
    "group.v2.update",
    "group.v2.participants",
    "presence.update",
    "poll.vote",
    "poll.vote.failed",
    "chat.archive",
    "call.received",
    "call.accepted",
    "call.rejected",
    "label.upsert",
    "label.deleted",
    "label.chat.added",
    "label.chat.deleted",
    "event.response",
    "event.response.failed",
    "engine.event",
];

/// Something that happened in a session, and who is to be told.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) timestamp: i64,
    pub(crate) name: &'static str,
    pub(crate) session: String,
    pub(crate) destinations: Vec<Webhook>,
    metadata: Option<BTreeMap<String, Value>>,
    me: Option<Me>,
    payload: Value,
}

impl Event {
    /// An event of `session`, as the session is now.
    pub(crate) fn of(session: &Session, name: &'static str, payload: Value) -> Self {
        let config = session.config.as_ref();
        Self {
            id: identifiers::event_id(),
            timestamp: clock::now_ms(),
            name,
            session: session.name.clone(),
            destinations: config.and_then(|config| config.webhooks.clone()).unwrap_or_default(),
            metadata: config.and_then(|config| config.metadata.clone()),
            me: session.me.clone(),
            payload,
        }
    }

    /// The same at another moment, in milliseconds since 1970.
    pub(crate) fn at(self, timestamp: i64) -> Self {
        Self { timestamp, ..self }
    }

    /// The same payload under another name and the same id: `message` and `message.any` share one.
    pub(crate) fn renamed(&self, name: &'static str) -> Self {
        Self { name, ..self.clone() }
    }

    /// The same payload as a new event, which is what an engine that repeats itself causes.
    pub(crate) fn with_new_id(&self) -> Self {
        Self { id: identifiers::event_id(), ..self.clone() }
    }

    /// The text a rule may look for: the body of the message, if it is about one.
    pub(crate) fn text(&self) -> String {
        self.payload.get("body").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The bytes to sign and send.
    pub(crate) fn body(&self, options: &SimulatorOptions) -> String {
        let envelope = Envelope {
            id: &self.id,
            timestamp: self.timestamp,
            event: self.name,
            session: &self.session,
            metadata: self.metadata.as_ref(),
            me: self.me.as_ref(),
            payload: &self.payload,
            engine: options.engine,
            environment: options.environment(),
        };
        serde_json::to_string(&envelope).unwrap_or_default()
    }
}

/// The envelope. The field order is the order of WAHA's bytes.
#[derive(Serialize)]
struct Envelope<'a> {
    id: &'a str,
    timestamp: i64,
    event: &'a str,
    session: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a BTreeMap<String, Value>>,
    me: Option<&'a Me>,
    payload: &'a Value,
    engine: crate::engine::Engine,
    environment: Environment,
}

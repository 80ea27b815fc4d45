//! Misbehaviour: what to do wrong, and when.
//!
//! A rule says when it applies and what happens then. Rules queue: of those about the same thing,
//! the oldest that applies is used. A one-shot rule is used up, a standing one stays.

mod rules;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use rules::Rules;

/// When a rule applies. What is absent does not matter.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// The session must be this one.
    pub session: Option<String>,
    /// The text of the message must contain this.
    pub text_contains: Option<String>,
    /// The request must be to this path; absent, it must be a `sendText`. Not for webhooks.
    pub path: Option<String>,
    /// The webhook must be about this event. Only for webhooks.
    pub event: Option<String>,
    /// One-shot: use the rule on the nth match. Standing: use it on every nth.
    pub nth: Option<u64>,
}

impl Match {
    /// Applies to everything.
    pub fn any() -> Self {
        Self::default()
    }

    /// Applies to one session.
    pub fn session(name: impl Into<String>) -> Self {
        Self { session: Some(name.into()), ..Self::default() }
    }

    /// Applies to messages that contain the text.
    pub fn text(contained: impl Into<String>) -> Self {
        Self { text_contains: Some(contained.into()), ..Self::default() }
    }

    /// Applies to webhooks about one event.
    pub fn event(name: impl Into<String>) -> Self {
        Self { event: Some(name.into()), ..Self::default() }
    }

    /// Applies to requests to one path instead of to `sendText`.
    pub fn path(path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }

    /// The same, on the nth match only (standing rules: on every nth).
    #[must_use]
    pub fn nth(self, nth: u64) -> Self {
        Self { nth: Some(nth), ..self }
    }
}

/// What happens instead of the truth.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Misbehaviour {
    /// No answer ever, whether or not the message was sent.
    Hang {
        /// Whether the message was sent.
        sent: bool,
    },
    /// A wrong answer: 500 as an engine failure, 422 as a session in the wrong state, 401 as a
    /// wrong key, 502 to 504 as a proxy's page, anything else as Nest words it.
    Answer {
        /// The status of the answer.
        status: u16,
        /// Whether the message was sent.
        sent: bool,
        /// What a 500 says went wrong.
        #[serde(default)]
        exception: Option<String>,
    },
    /// The message is sent and answered with 201 and an empty body.
    EmptyBody,
    /// The connection is reset without an answer.
    Reset {
        /// Whether the message was sent.
        sent: bool,
    },
    /// The answer comes late, after whatever was done.
    Delay {
        /// How late.
        milliseconds: u64,
    },
    /// The message stays without acknowledgements.
    NoAcks,
    /// The only acknowledgement is -1, ERROR.
    AckError,
    /// All acknowledgements are delivered before the send is answered.
    AckBeforeAnswer,
    /// The webhook is lost.
    DropWebhook,
    /// The webhook is posted twice.
    DuplicateWebhook {
        /// Whether both carry the same event id, or each its own.
        same_event_id: bool,
    },
    /// The webhook is held back until the session's next webhook has been posted.
    ReorderWebhook,
}

/// A misbehaviour and when it applies.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// When it applies.
    #[serde(default, rename = "when")]
    pub matches: Match,
    /// What happens then.
    #[serde(rename = "then")]
    pub misbehaviour: Misbehaviour,
    /// Whether it stays after it was used.
    #[serde(default)]
    pub standing: bool,
}

impl Rule {
    /// A rule that is used once.
    pub fn once(matches: Match, misbehaviour: Misbehaviour) -> Self {
        Self { matches, misbehaviour, standing: false }
    }

    /// A rule that stays.
    pub fn always(matches: Match, misbehaviour: Misbehaviour) -> Self {
        Self { matches, misbehaviour, standing: true }
    }
}

/// How a request ends.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Ending {
    #[default]
    Honest,
    Answer {
        status: u16,
        sent: bool,
        exception: Option<String>,
    },
    EmptyBody,
    Hang {
        sent: bool,
    },
    Reset {
        sent: bool,
    },
}

impl Ending {
    /// Whether the request is carried out, whatever is answered.
    pub(crate) fn carries_out(&self) -> bool {
        match self {
            Self::Honest | Self::EmptyBody => true,
            Self::Answer { sent, .. } | Self::Hang { sent } | Self::Reset { sent } => *sent,
        }
    }
}

/// How a message is acknowledged.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Acks {
    #[default]
    Honest,
    None,
    Error,
    BeforeAnswer,
}

/// What the rules decided about one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestPlan {
    pub(crate) ending: Ending,
    pub(crate) acks: Acks,
    pub(crate) delay: Duration,
}

/// What the rules decided about one webhook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WebhookFault {
    Drop,
    Duplicate { same_event_id: bool },
    Reorder,
}

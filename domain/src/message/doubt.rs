//! A doubt whether an attempt sent anything, and when it ends.
//!
//! ```text
//! OutcomeUnknown --look--> Found        -> Sent
//!                     |--> Absent       -> seen absent again, the grace being over -> AbsenceProven, on the queue again
//!                     `--> Undecidable  -> after the last look the policy says: LeftUnknown | ResendOrdered
//! ```
//!
//! Looks grow rarer: the wait doubles. Invariant: absence counts only once the grace is over, since WAHA may still be
//! at work on a request whose answer was lost; and it must be seen twice in a row.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::whatsapp::{Ack, WahaMessageId};

/// Sights of absence in a row that prove it.
pub(super) const ABSENCES_PROVE: u32 = 2;

/// What a look at the chat came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The message is among the chat's.
    Found(Sighting),
    /// It is not among them, where it would be seen.
    Absent,
    /// Neither can be told.
    Undecidable {
        /// Why.
        reason: String,
    },
}

/// A message of ours, seen in WAHA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// WhatsApp's id.
    pub waha_message_id: WahaMessageId,
    /// How far it has come.
    pub ack: Ack,
    /// When it was written, by WhatsApp's clock.
    pub at: DateTime<Utc>,
}

/// What becomes of a message whose outcome cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// It stays as it is, for a person to settle: rather not at all than twice.
    #[default]
    Hold,
    /// It is sent again, once: rather twice than not at all.
    Resend,
}

impl OnUnknown {
    /// Both, as settings and the command line list them.
    pub const ALL: [Self; 2] = [Self::Hold, Self::Resend];

    /// The word in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Resend => "resend",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

/// How a doubt is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettlePolicy {
    /// How long WAHA may still be at work on a request whose answer was lost.
    pub grace: TimeDelta,
    /// Looks before the doubt is left to the policy.
    pub looks_max: u32,
    /// Attempts before the message is a dead letter.
    pub attempts_max: u32,
    /// What then becomes of it.
    pub on_unknown: OnUnknown,
}

impl SettlePolicy {
    /// The wait before the look that follows `looks` others.
    pub fn wait(&self, looks: u32) -> TimeDelta {
        let first_ms = self.grace.num_milliseconds().max(0) / 12;
        TimeDelta::milliseconds(first_ms.saturating_mul(1 << looks.min(16)))
    }
}

/// Who ordered that a message in doubt be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderedBy {
    /// The tenant's policy.
    Policy,
    /// A person.
    Person,
}

/// How a person settles a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was sent.
    Sent,
    /// It is to be sent again.
    Resend,
    /// It was not sent, and is given up.
    Failed,
}

/// What is remembered of a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubt {
    /// Since when.
    pub(super) since: DateTime<Utc>,
    /// Looks so far.
    pub(super) looks: u32,
    /// Sights of absence in a row.
    pub(super) absences: u32,
    /// Nobody looks any more.
    pub(super) is_left: bool,
}

impl Doubt {
    pub(super) const fn new(since: DateTime<Utc>) -> Self {
        Self { since, looks: 0, absences: 0, is_left: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_grow_rarer_from_a_twelfth_of_the_grace() {
        let policy = SettlePolicy {
            grace: TimeDelta::seconds(60),
            looks_max: 6,
            attempts_max: 3,
            on_unknown: OnUnknown::Hold,
        };
        let waits: Vec<_> = (0..6).map(|looks| policy.wait(looks).num_seconds()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160]);
    }

    #[test]
    fn a_policy_is_read_as_it_is_written() {
        for policy in OnUnknown::ALL {
            assert_eq!(OnUnknown::parse(policy.as_str()), Some(policy));
        }
        assert_eq!(OnUnknown::parse("guess"), None);
    }
}

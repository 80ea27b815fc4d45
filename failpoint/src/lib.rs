//! Places where a process can be made to die or to sleep, for the tests that prove what happens then.
//!
//! ```text
//! HELIOGRAPH_FAILPOINT=attempt-started heliograph serve          dies when it is there: no drain, no goodbye
//! HELIOGRAPH_FAILPOINT=sleep:attempt-started heliograph serve    stops there, as by SIGSTOP, until SIGCONT
//! ```
//!
//! Invariant: without the feature `armed`, which only the acceptance tests switch on, [`reach`] is empty, and nothing
//! can make a process die.

#[cfg(feature = "armed")]
mod armed;

/// The variable that names the place to die at.
pub const VARIABLE: &str = "HELIOGRAPH_FAILPOINT";
/// Before the place's name: to sleep there.
pub const SLEEP: &str = "sleep:";
/// What a process says before it sleeps, before the place's name.
pub const ASLEEP: &str = "asleep at failpoint";

macro_rules! failpoints {
    ($($(#[doc = $moment:literal])+ $part:ident $variant:ident = $name:literal;)+) => {
        /// A place where a process can be made to die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Failpoint {
            $($(#[doc = $moment])+ $variant),+
        }

        impl Failpoint {
            /// Every place, in the order of a message's way.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// What the variable names it by.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// In whose work it is.
            pub const fn part(self) -> Part {
                match self {
                    $(Self::$variant => Part::$part),+
                }
            }

            /// What has happened there, and what has not, in words.
            pub fn moment(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($moment),+)),+
                }
                .trim()
            }
        }
    };
}

/// Whose work a process dies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Answers requests, those with a key once.
    Api,
    /// Writes events.
    Appender,
    /// Keeps views.
    Projector,
    /// Keeps what sagas remember of the log.
    Memory,
    /// Takes messages to WAHA.
    Delivery,
    /// Settles what is in doubt.
    Reconciler,
    /// Takes webhooks.
    Door,
    /// Makes something of webhooks.
    Webhooks,
    /// Does in WAHA what was asked of sessions.
    Sessions,
    /// Sends mail.
    Mails,
}

impl Part {
    /// Its name, for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Appender => "appender",
            Self::Projector => "projector",
            Self::Memory => "saga's memory",
            Self::Delivery => "delivery saga",
            Self::Reconciler => "reconciler",
            Self::Door => "webhooks' door",
            Self::Webhooks => "webhook saga",
            Self::Sessions => "session saga",
            Self::Mails => "mail saga",
        }
    }
}

failpoints! {
    /// the key is reserved, nothing is done
    Api KeyReserved = "key-reserved";
    /// an append is asked for, nothing is written
    Appender AppendAsked = "append-asked";
    /// the events are committed, nobody has been told
    Appender AppendCommitted = "append-committed";
    /// what was asked is done, its answer is not kept
    Api KeyedRequestDone = "keyed-request-done";
    /// the answer is kept, and not given
    Api AnswerKept = "answer-kept";
    /// events are read, nothing is applied
    Projector ProjectionRead = "projection-read";
    /// events are applied, the checkpoint has not moved
    Projector ProjectionApplied = "projection-applied";
    /// the checkpoint has moved, the transaction is not committed
    Projector ProjectionMoved = "projection-moved";
    /// view and checkpoint are committed
    Projector ProjectionCommitted = "projection-committed";
    /// events are read, nothing is remembered
    Memory MemoryRead = "memory-read";
    /// events are remembered, the transaction is not committed
    Memory MemoryWritten = "memory-written";
    /// memory and checkpoint are committed, nobody has been woken
    Memory MemoryCommitted = "memory-committed";
    /// a message is claimed, its attempt is not begun
    Delivery MessageClaimed = "message-claimed";
    /// the attempt is durable, WAHA has not been called
    Delivery AttemptStarted = "attempt-started";
    /// WAHA has sent the message and said so, which is not durable
    Delivery WahaAnswered = "waha-answered";
    /// WAHA has refused the message, which is not durable
    Delivery WahaRefused = "waha-refused";
    /// WAHA has broken off without an answer, which is not durable
    Delivery WahaBrokeOff = "waha-broke-off";
    /// the outcome is durable, the queue has not heard of it
    Delivery OutcomeRecorded = "outcome-recorded";
    /// a message in doubt is looked for, what was seen is not durable
    Reconciler LookTaken = "look-taken";
    /// what was seen is durable, the queue has not heard of it
    Reconciler LookRecorded = "look-recorded";
    /// a webhook is verified, nothing is written
    Door WebhookVerified = "webhook-verified";
    /// the webhook is durable, WAHA has not been answered
    Door WebhookStored = "webhook-stored";
    /// webhooks are read, nothing is made of them
    Webhooks WebhooksRead = "webhooks-read";
    /// WhatsApp's ids are learnt, webhooks are not looked at
    Webhooks IdentitiesLearnt = "identities-learnt";
    /// news of an id not known yet is held, which is not noted
    Webhooks NewsHeld = "news-held";
    /// held news is told, and not yet forgotten
    Webhooks HeldNewsTold = "held-news-told";
    /// what a webhook means is durable, that it was processed is not
    Webhooks EffectDurable = "effect-durable";
    /// a webhook is noted as processed, the checkpoint has not moved
    Webhooks WebhookProcessed = "webhook-processed";
    /// the checkpoint has moved
    Webhooks WebhooksAdvanced = "webhooks-advanced";
    /// it is reported that an acknowledgement is overdue, the session's count of such is not
    Webhooks OverdueReported = "overdue-reported";
    /// what was missed is told, that it was repaired is not noted
    Webhooks GapFilled = "gap-filled";
    /// a repair is noted, and may be made again
    Webhooks RepairRecorded = "repair-recorded";
    /// an action is claimed, WAHA has not been called
    Sessions ActionClaimed = "action-claimed";
    /// a session that is moved is off the server it was on, and not yet on the other
    Sessions SessionLeft = "session-left";
    /// WAHA has done what was asked, which is not durable
    Sessions ActionDone = "action-done";
    /// a mail is claimed, and nothing has come of it
    Mails MailClaimed = "mail-claimed";
    /// the SMTP server has taken a mail, which is not noted
    Mails MailSent = "mail-sent";
}

/// The process is at this place; if it was told to, it dies or sleeps here.
#[cfg(feature = "armed")]
pub fn reach(point: Failpoint) {
    armed::reach(point);
}

/// The process is at this place.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub const fn reach(_: Failpoint) {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_place_has_a_name_of_its_own() {
        let names: HashSet<_> = Failpoint::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(names.len(), Failpoint::ALL.len());
    }
}

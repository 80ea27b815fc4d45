//! Times nobody listened to WAHA, and what was missed then.
//!
//! WAHA keeps webhooks it cannot deliver in memory, for some time: what it told while we were away, or had still to
//! tell when it was restarted, may be lost. Its chats are looked at for it. Invariant: a repair is repeated without
//! harm, and is an event only if there is something to tell.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::event::{Event, GapLeft, GapRepaired};

/// How long before the last webhook a gap is taken to begin: clocks differ, and what was sent shortly before is
/// acknowledged later.
const MARGIN: TimeDelta = TimeDelta::minutes(15);

/// A time something may have been missed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
}

impl Gap {
    /// From the last webhook to now, but no longer than `longest`, and not from before the session was paired.
    /// WhatsApp tells whole seconds.
    pub fn since(
        heard_at: DateTime<Utc>,
        paired_at: DateTime<Utc>,
        now: DateTime<Utc>,
        longest: TimeDelta,
    ) -> Self {
        let from = (heard_at - MARGIN).max(paired_at).max(now - longest);
        Self { from: from.trunc_subsecs(0), to: now }
    }
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repair {
    /// Messages from others that were not known.
    pub messages: u32,
    /// Messages of ours that had come further than was known.
    pub acknowledgements: u32,
    /// Whether all was looked at.
    pub is_complete: bool,
}

impl Repair {
    const fn is_news(self) -> bool {
        self.messages > 0 || self.acknowledgements > 0 || !self.is_complete
    }
}

/// What a session remembers of its gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gaps {
    /// Repaired up to here.
    to: Option<DateTime<Utc>>,
    /// Why WAHA would not show the last one.
    left: Option<String>,
}

impl Gaps {
    pub(super) fn repair(&self, gap: Gap, repair: Repair, at: DateTime<Utc>) -> Vec<Event> {
        let is_told = self.to.is_some_and(|to| gap.to <= to);
        if is_told || (!repair.is_news() && self.left.is_none()) {
            return vec![];
        }
        let (Gap { from, to }, Repair { messages, acknowledgements, is_complete }) = (gap, repair);
        let repaired = GapRepaired { from, to, messages, acknowledgements, is_complete, at };
        vec![Event::GapRepaired(repaired)]
    }

    /// Told once for as long as the reason stays the same.
    pub(super) fn leave(&self, gap: Gap, reason: String, at: DateTime<Utc>) -> Vec<Event> {
        if self.left.as_ref() == Some(&reason) {
            return vec![];
        }
        vec![Event::GapLeft(GapLeft { from: gap.from, to: gap.to, reason, at })]
    }

    pub(super) const fn repaired(event: &GapRepaired) -> Self {
        Self { to: Some(event.to), left: None }
    }

    pub(super) fn note(&mut self, event: &GapLeft) {
        self.left = Some(event.reason.clone());
    }
}

//! A message of ours in doubt: what a look, or a person, makes of it.

use chrono::{DateTime, Utc};

use super::{Outbound, Progress, Receipt};
use crate::message::Rejection;
use crate::message::doubt::{
    ABSENCES_PROVE, Doubt, Finding, OnUnknown, OrderedBy, SettlePolicy, Sighting, Verdict,
};
use crate::message::event::{
    AbsenceProven, DeadLetterReason, Event, Evidence, FindingKind, LeftUnknown, LookedUp,
    ResendOrdered,
};

impl Outbound {
    pub(super) fn record_look(
        &self,
        attempt: u32,
        finding: Finding,
        policy: SettlePolicy,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        let doubt = self.doubt_about(attempt)?;
        match finding {
            Finding::Found(sighting) => Ok(self.seen(sighting)),
            Finding::Absent => Ok(self.not_seen(doubt, None, policy, now)),
            Finding::Undecidable { reason } => Ok(self.not_seen(doubt, Some(reason), policy, now)),
        }
    }

    /// A person's word.
    pub(super) fn settle(
        &self,
        verdict: Verdict,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        self.doubt_about(self.attempts).map_err(|_| Rejection::NotInDoubt)?;
        Ok(vec![match verdict {
            Verdict::Sent => self.sent(self.chosen.clone(), Evidence::Declaration, now),
            Verdict::Resend => self.resend(OrderedBy::Person, None, now),
            Verdict::Failed => {
                let reason = DeadLetterReason::DeclaredFailed;
                Event::dead_lettered(Some(self.attempts), reason, None, now)
            }
        }])
    }

    fn doubt_about(&self, attempt: u32) -> Result<Doubt, Rejection> {
        self.check_attempt(attempt)?;
        match (self.progress, self.doubt) {
            (Progress::Unknown, Some(doubt)) => Ok(doubt),
            _ => Err(Rejection::NotInDoubt),
        }
    }

    fn seen(&self, Sighting { waha_message_id, ack, at }: Sighting) -> Vec<Event> {
        let Some(reached) = Receipt::proven_by(ack) else {
            return self.refused_by_whatsapp(at);
        };
        let mut events = vec![self.sent(Some(waha_message_id), Evidence::Lookup, at)];
        events.extend(reached.event_after(Receipt::Accepted, at));
        events
    }

    /// Without a `reason` it was seen to be absent.
    fn not_seen(
        &self,
        doubt: Doubt,
        reason: Option<String>,
        policy: SettlePolicy,
        now: DateTime<Utc>,
    ) -> Vec<Event> {
        let counts = reason.is_none() && now >= doubt.since + policy.grace;
        let absences = if counts { doubt.absences + 1 } else { 0 };
        let (attempt, look) = (self.attempts, doubt.looks + 1);
        let is_proven = absences >= ABSENCES_PROVE;
        let is_last = is_proven || doubt.is_left || look >= policy.looks_max;
        let kind = reason.as_ref().map_or(FindingKind::Absent, |_| FindingKind::Undecidable);
        let looked_up = Event::LookedUp(LookedUp {
            attempt,
            look,
            finding: kind,
            absences,
            reason: reason.clone(),
            next_look_at: (!is_last).then(|| now + policy.wait(look)),
            at: now,
        });
        let mut events = vec![looked_up];
        if is_proven {
            events.extend(self.absent(policy, now));
        } else if is_last {
            let reason =
                reason.unwrap_or_else(|| "it was not seen, but not often enough".to_owned());
            events.push(if policy.on_unknown == OnUnknown::Resend && !self.is_resent {
                self.resend(OrderedBy::Policy, Some(reason), now)
            } else {
                Event::LeftUnknown(LeftUnknown { attempt, reason, at: now })
            });
        }
        events
    }

    /// An attempt that sent nothing is held against the limit, like a refused one.
    fn absent(&self, policy: SettlePolicy, now: DateTime<Utc>) -> Vec<Event> {
        let attempt = self.attempts;
        let mut events = vec![Event::AbsenceProven(AbsenceProven { attempt, at: now })];
        if self.attempts_spent + 1 >= policy.attempts_max {
            let reason = DeadLetterReason::AttemptsExhausted;
            let detail = Some("its attempts were seen to have sent nothing".to_owned());
            events.push(Event::dead_lettered(Some(attempt), reason, detail, now));
        }
        events
    }

    fn resend(&self, by: OrderedBy, reason: Option<String>, at: DateTime<Utc>) -> Event {
        Event::ResendOrdered(ResendOrdered { attempt: self.attempts, by, reason, at })
    }
}

//! The queue of rules.

use std::time::Duration;

use crate::misbehaviour::{Acks, Ending, Match, Misbehaviour, RequestPlan, Rule, WebhookFault};

/// The one path rules apply to unless they name another.
const SEND_TEXT: &str = "/api/sendText";

/// What a rule is about; each has its own queue.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Subject {
    Ending,
    Delay,
    Acks,
    Webhook,
}

#[derive(Debug)]
struct Queued {
    rule: Rule,
    matched: u64,
}

/// The rules in force, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Rules(Vec<Queued>);

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.0.push(Queued { rule, matched: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> Vec<Rule> {
        self.0.iter().map(|queued| queued.rule.clone()).collect()
    }

    /// What to do wrong about a request.
    pub(crate) fn on_request(&mut self, path: &str, session: &str, text: &str) -> RequestPlan {
        let applies = |when: &Match| {
            when.path.as_deref().unwrap_or(SEND_TEXT) == path && concerns(when, session, text)
        };
        RequestPlan {
            ending: match self.take(Subject::Ending, applies) {
                Some(Misbehaviour::Hang { sent }) => Ending::Hang { sent },
                Some(Misbehaviour::Reset { sent }) => Ending::Reset { sent },
                Some(Misbehaviour::EmptyBody) => Ending::EmptyBody,
                Some(Misbehaviour::Answer { status, sent, exception }) => {
                    Ending::Answer { status, sent, exception }
                }
                _ => Ending::Honest,
            },
            acks: match self.take(Subject::Acks, applies) {
                Some(Misbehaviour::NoAcks) => Acks::None,
                Some(Misbehaviour::AckError) => Acks::Error,
                Some(Misbehaviour::AckBeforeAnswer) => Acks::BeforeAnswer,
                _ => Acks::Honest,
            },
            delay: match self.take(Subject::Delay, applies) {
                Some(Misbehaviour::Delay { milliseconds }) => Duration::from_millis(milliseconds),
                _ => Duration::ZERO,
            },
        }
    }

    /// What to do wrong about a webhook.
    pub(crate) fn on_webhook(
        &mut self,
        session: &str,
        event: &str,
        text: &str,
    ) -> Option<WebhookFault> {
        let applies = |when: &Match| {
            when.event.as_deref().is_none_or(|wanted| wanted == event)
                && concerns(when, session, text)
        };
        match self.take(Subject::Webhook, applies)? {
            Misbehaviour::DropWebhook => Some(WebhookFault::Drop),
            Misbehaviour::ReorderWebhook => Some(WebhookFault::Reorder),
            Misbehaviour::DuplicateWebhook { same_event_id } => {
                Some(WebhookFault::Duplicate { same_event_id })
            }
            _ => None,
        }
    }

    /// Counts the match in every rule about the subject, and uses the oldest that is due.
    fn take(&mut self, subject: Subject, applies: impl Fn(&Match) -> bool) -> Option<Misbehaviour> {
        let mut due = None;
        for (position, queued) in self.0.iter_mut().enumerate() {
            if subject_of(&queued.rule.misbehaviour) == subject && applies(&queued.rule.matches) {
                queued.matched += 1;
                if due.is_none() && queued.is_due() {
                    due = Some(position);
                }
            }
        }
        let position = due?;
        let misbehaviour = self.0.get(position)?.rule.misbehaviour.clone();
        if !self.0.get(position)?.rule.standing {
            self.0.remove(position);
        }
        Some(misbehaviour)
    }
}

impl Queued {
    fn is_due(&self) -> bool {
        let nth = self.rule.matches.nth.unwrap_or(1).max(1);
        if self.rule.standing { self.matched.is_multiple_of(nth) } else { self.matched >= nth }
    }
}

fn concerns(when: &Match, session: &str, text: &str) -> bool {
    when.session.as_deref().is_none_or(|wanted| wanted == session)
        && when.text_contains.as_deref().is_none_or(|wanted| text.contains(wanted))
}

fn subject_of(misbehaviour: &Misbehaviour) -> Subject {
    match misbehaviour {
        Misbehaviour::Hang { .. }
        | Misbehaviour::Answer { .. }
        | Misbehaviour::EmptyBody
        | Misbehaviour::Reset { .. } => Subject::Ending,
        Misbehaviour::Delay { .. } => Subject::Delay,
        Misbehaviour::NoAcks | Misbehaviour::AckError | Misbehaviour::AckBeforeAnswer => {
            Subject::Acks
        }
        Misbehaviour::DropWebhook
        | Misbehaviour::DuplicateWebhook { .. }
        | Misbehaviour::ReorderWebhook => Subject::Webhook,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(rules: &mut Rules, session: &str, text: &str) -> Ending {
        rules.on_request(SEND_TEXT, session, text).ending
    }

    fn rules(these: impl IntoIterator<Item = Rule>) -> Rules {
        let mut rules = Rules::default();
        these.into_iter().for_each(|rule| rules.add(rule));
        rules
    }

    const RESET: Misbehaviour = Misbehaviour::Reset { sent: false };
    const HANG: Misbehaviour = Misbehaviour::Hang { sent: true };

    #[test]
    fn one_shot_rules_are_used_one_after_the_other() {
        let mut rules = rules([Rule::once(Match::any(), RESET), Rule::once(Match::any(), HANG)]);
        assert_eq!(ending(&mut rules, "s", ""), Ending::Reset { sent: false });
        assert_eq!(ending(&mut rules, "s", ""), Ending::Hang { sent: true });
        assert_eq!(ending(&mut rules, "s", ""), Ending::Honest);
    }

    #[test]
    fn a_standing_rule_with_nth_is_used_on_every_nth_match() {
        let mut rules = rules([Rule::always(Match::session("s").nth(2), RESET)]);
        let used = |rules: &mut Rules| ending(rules, "s", "") != Ending::Honest;
        assert_eq!([0; 4].map(|_| used(&mut rules)), [false, true, false, true]);
    }

    #[test]
    fn a_rule_leaves_other_sessions_texts_and_paths_alone() {
        let mut rules =
            rules([Rule::always(Match { session: Some("s".into()), ..Match::text("bad") }, RESET)]);
        assert_eq!(ending(&mut rules, "other", "bad"), Ending::Honest);
        assert_eq!(ending(&mut rules, "s", "good"), Ending::Honest);
        assert_eq!(rules.on_request("/api/sendSeen", "s", "bad").ending, Ending::Honest);
        assert_eq!(ending(&mut rules, "s", "so bad"), Ending::Reset { sent: false });
    }
}

//! The account: what was promised, held against what can be seen from outside.
//!
//! It knows nothing of the engine. Its words:
//!
//! - *lost*: accepted, and not in the log or not shown; or shown as sent, and never sent; or sent, and not in the log;
//! - *duplicated*: sent more than once, under one WhatsApp id or several;
//! - *reordered*: sent before a message of the same chat that was queued before it. A message that was in doubt is left
//!   out: it may have gone whenever WAHA got round to it, and it does not hold up its chat;
//! - *stuck*: neither at its end nor in doubt, though everything has been in peace for long;
//! - *contradicted*: shown as failed or expired, though it was sent;
//! - *unknown*: shown as in doubt, having been looked for in vain, which is right only if nobody can tell.

use std::collections::{HashMap, HashSet};

use crate::evidence::{Evidence, LedgerEntry, Logged};

/// What is wrong, each with its story; and how many are in doubt.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Messages that were lost.
    pub lost: Vec<String>,
    /// Messages that were sent more than once.
    pub duplicated: Vec<String>,
    /// Messages that overtook others of their chat.
    pub reordered: Vec<String>,
    /// Messages nothing happens to any more.
    pub stuck: Vec<String>,
    /// Messages shown as never sent that were.
    pub contradicted: Vec<String>,
    /// Messages in doubt.
    pub unknown: Vec<String>,
    /// How many of those were sent.
    pub unknown_sent: usize,
}

impl Findings {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.wrong().all(|(_, stories)| stories.is_empty())
    }

    /// What must not be, by name.
    pub fn wrong(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        [
            ("lost", self.lost.as_slice()),
            ("duplicated", &self.duplicated),
            ("reordered", &self.reordered),
            ("stuck", &self.stuck),
            ("contradicted", &self.contradicted),
        ]
        .into_iter()
    }
}

/// What a shown status claims.
enum Claim {
    Sent,
    NotSent,
    InDoubt,
    Waiting,
}

impl Claim {
    fn of(status: &str) -> Self {
        match status {
            "sent" | "delivered" | "read" | "played" => Self::Sent,
            "failed" | "expired" | "canceled" | "suppressed" => Self::NotSent,
            "unknown" => Self::InDoubt,
            _ => Self::Waiting,
        }
    }
}

/// Holds what was promised against what is.
pub fn check(evidence: &Evidence) -> Findings {
    let sends = Sends::of(&evidence.ledger);
    let mut findings = Findings::default();
    check_accepted(evidence, &mut findings);
    for message in &evidence.log {
        check_message(evidence, message, sends.times(&message.text), &mut findings);
    }
    let logged: HashSet<&str> = evidence.log.iter().map(|message| message.text.as_str()).collect();
    let foreign = sends.texts().filter(|text| !logged.contains(text));
    findings.lost.extend(foreign.map(|text| format!("{text}: sent, and not in the log")));
    check_order(evidence, &sends, &mut findings);
    findings
}

fn check_accepted(evidence: &Evidence, findings: &mut Findings) {
    let logged: HashSet<&str> = evidence.log.iter().map(|message| message.id.as_str()).collect();
    for accepted in &evidence.accepted {
        if !logged.contains(accepted.id.as_str()) {
            findings.lost.push(format!("{}: accepted, and not in the log", accepted.text));
        }
    }
}

fn check_message(evidence: &Evidence, message: &Logged, times: usize, findings: &mut Findings) {
    let text = &message.text;
    if times > 1 {
        findings.duplicated.push(format!("{text}: sent {times} times"));
    }
    let Some(status) = evidence.shown.get(&message.id) else {
        findings.lost.push(format!("{text}: in the log, and not shown"));
        return;
    };
    match (Claim::of(status), times) {
        (Claim::Sent, 0) => findings.lost.push(format!("{text}: {status}, and never sent")),
        (Claim::NotSent, 1..) => findings.contradicted.push(format!("{text}: {status}, and sent")),
        (Claim::Waiting, _) => findings.stuck.push(format!("{text}: {status}, sent {times} times")),
        (Claim::InDoubt, _) if !message.is_left => {
            findings.stuck.push(format!("{text}: {status}, and not looked for to the end"));
        }
        (Claim::InDoubt, _) => {
            findings.unknown.push(format!("{text}: sent {times} times"));
            findings.unknown_sent += times;
        }
        (Claim::Sent, 1..) | (Claim::NotSent, 0) => {}
    }
}

/// Of each chat's accepted messages: queued in the order in which they were accepted, sent in the order in which they
/// were queued.
fn check_order(evidence: &Evidence, sends: &Sends, findings: &mut Findings) {
    let places: HashMap<&str, (usize, &Logged)> = evidence
        .log
        .iter()
        .enumerate()
        .map(|(n, logged)| (logged.id.as_str(), (n, logged)))
        .collect();
    let mut chats: HashMap<&str, (usize, usize)> = HashMap::new();
    for accepted in &evidence.accepted {
        let Some(&(queued, logged)) = places.get(accepted.id.as_str()) else { continue };
        let (queued_last, sent_last) = chats.entry(&accepted.chat).or_default();
        if queued < *queued_last {
            findings
                .reordered
                .push(format!("{}: queued before what was accepted before it", logged.text));
        }
        *queued_last = (*queued_last).max(queued);
        let Some(sent) = sends.first(&logged.text).filter(|_| !logged.was_in_doubt) else {
            continue;
        };
        if sent < *sent_last {
            findings
                .reordered
                .push(format!("{}: sent before what was queued before it", logged.text));
        }
        *sent_last = (*sent_last).max(sent);
    }
}

/// The places in the ledger at which each text was really sent.
struct Sends<'a>(HashMap<&'a str, Vec<usize>>);

impl<'a> Sends<'a> {
    fn of(ledger: &'a [LedgerEntry]) -> Self {
        let mut sends: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, entry) in
            ledger.iter().enumerate().filter(|(_, entry)| entry.message_id.is_some())
        {
            sends.entry(&entry.text).or_default().push(place);
        }
        Self(sends)
    }

    fn times(&self, text: &str) -> usize {
        self.0.get(text).map_or(0, Vec::len)
    }

    fn first(&self, text: &str) -> Option<usize> {
        self.0.get(text)?.first().copied()
    }

    fn texts(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }
}

#[cfg(test)]
mod tests;

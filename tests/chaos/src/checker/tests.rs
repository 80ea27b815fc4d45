//! A checker that cannot fail is worthless: each kind of wrong is planted, and found.

use super::*;
use crate::evidence::Accepted;

/// Three messages of one chat, accepted, queued, sent and shown in order.
fn flawless() -> Evidence {
    let mut evidence = Evidence::default();
    for text in ["first", "second", "third"] {
        let (id, chat) = (format!("id of {text}"), "a chat".to_owned());
        evidence.accepted.push(Accepted { id: id.clone(), text: text.to_owned(), chat });
        let logged =
            Logged { id: id.clone(), text: text.to_owned(), was_in_doubt: false, is_left: false };
        evidence.log.push(logged);
        evidence.ledger.push(sent(text));
        evidence.shown.insert(id, "read".to_owned());
    }
    evidence
}

fn sent(text: &str) -> LedgerEntry {
    LedgerEntry { text: text.to_owned(), message_id: Some(format!("3EB0 {text}")) }
}

fn show(evidence: &mut Evidence, text: &str, status: &str) {
    evidence.shown.insert(format!("id of {text}"), status.to_owned());
}

/// How many of each: lost, duplicated, reordered, stuck, contradicted, unknown.
fn counts(evidence: &Evidence) -> [usize; 6] {
    let found = check(evidence);
    [found.lost, found.duplicated, found.reordered, found.stuck, found.contradicted, found.unknown]
        .map(|stories| stories.len())
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert_eq!(check(&flawless()), Findings::default());
}

#[test]
fn a_message_missing_from_the_log_is_lost() {
    let mut evidence = flawless();
    evidence.log.remove(1);
    evidence.ledger.remove(1);
    assert_eq!(counts(&evidence), [1, 0, 0, 0, 0, 0]);
}

#[test]
fn a_message_that_is_not_shown_is_lost() {
    let mut evidence = flawless();
    evidence.shown.remove("id of second");
    assert_eq!(counts(&evidence), [1, 0, 0, 0, 0, 0]);
}

#[test]
fn a_message_shown_as_sent_that_never_was_is_lost() {
    let mut evidence = flawless();
    evidence.ledger[1].message_id = None;
    assert_eq!(counts(&evidence), [1, 0, 0, 0, 0, 0]);
}

#[test]
fn what_was_sent_and_is_not_in_the_log_is_lost() {
    let mut evidence = flawless();
    evidence.ledger.push(sent("nobody's"));
    assert_eq!(counts(&evidence), [1, 0, 0, 0, 0, 0]);
}

#[test]
fn a_message_sent_twice_is_duplicated_even_under_one_id_and_unaccepted() {
    let mut evidence = flawless();
    evidence.ledger.push(sent("second"));
    assert_eq!(counts(&evidence), [0, 1, 0, 0, 0, 0]);
    evidence.accepted.clear();
    assert_eq!(counts(&evidence), [0, 1, 0, 0, 0, 0]);
}

#[test]
fn a_request_that_sent_nothing_duplicates_nothing() {
    let mut evidence = flawless();
    evidence.ledger.insert(0, LedgerEntry { text: "second".to_owned(), message_id: None });
    assert_eq!(check(&evidence), Findings::default());
}

#[test]
fn a_message_sent_before_an_earlier_one_of_its_chat_is_reordered() {
    let mut evidence = flawless();
    evidence.ledger.swap(0, 1);
    assert_eq!(counts(&evidence), [0, 0, 1, 0, 0, 0]);
}

#[test]
fn a_message_queued_before_one_accepted_earlier_is_reordered() {
    let mut evidence = flawless();
    evidence.log.swap(1, 2);
    evidence.ledger.swap(1, 2);
    assert_eq!(counts(&evidence), [0, 0, 2, 0, 0, 0]);
}

#[test]
fn messages_of_two_chats_have_no_order() {
    let mut evidence = flawless();
    evidence.accepted[0].chat = "another chat".to_owned();
    evidence.ledger.swap(0, 1);
    assert_eq!(check(&evidence), Findings::default());
}

#[test]
fn a_message_that_was_in_doubt_may_be_overtaken() {
    let mut evidence = flawless();
    evidence.ledger.swap(0, 1);
    evidence.log[0].was_in_doubt = true;
    assert_eq!(check(&evidence), Findings::default());
}

#[test]
fn a_message_that_waits_for_ever_is_stuck_and_not_lost() {
    for status in ["queued", "held", "sending", "retrying", "scheduled"] {
        let mut evidence = flawless();
        evidence.ledger.remove(2);
        show(&mut evidence, "third", status);
        assert_eq!(counts(&evidence), [0, 0, 0, 1, 0, 0], "{status}");
    }
}

#[test]
fn a_message_shown_as_failed_or_expired_must_not_have_been_sent() {
    let mut evidence = flawless();
    show(&mut evidence, "third", "expired");
    assert_eq!(counts(&evidence), [0, 0, 0, 0, 1, 0]);
    evidence.ledger.remove(2);
    assert_eq!(check(&evidence), Findings::default());
}

#[test]
fn messages_left_in_doubt_are_counted_and_nothing_is_wrong() {
    let mut evidence = flawless();
    evidence.log.iter_mut().for_each(|logged| logged.is_left = true);
    show(&mut evidence, "third", "unknown");
    show(&mut evidence, "second", "unknown");
    evidence.ledger.remove(1);
    assert_eq!(counts(&evidence), [0, 0, 0, 0, 0, 2]);
    assert_eq!(check(&evidence).unknown_sent, 1);
    assert!(check(&evidence).is_clean());
}

#[test]
fn a_message_in_doubt_that_is_not_looked_for_to_the_end_is_stuck() {
    let mut evidence = flawless();
    show(&mut evidence, "third", "unknown");
    assert_eq!(counts(&evidence), [0, 0, 0, 1, 0, 0]);
}

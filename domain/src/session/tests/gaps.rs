//! What may have been missed, and what was made of it.

use super::*;

use super::event::{GapLeft, GapRepaired};

/// A gap that ends at this second.
pub(super) fn gap(to: i64) -> Gap {
    Gap { from: seconds(0), to: seconds(to) }
}

fn record(to: i64, messages: u32, is_complete: bool) -> Command {
    let repair = Repair { messages, acknowledgements: 0, is_complete };
    Command::RecordRepair { gap: gap(to), repair, now: now() }
}

fn repaired(to: i64, messages: u32, is_complete: bool) -> Event {
    let Gap { from, to } = gap(to);
    Event::GapRepaired(GapRepaired {
        from,
        to,
        messages,
        acknowledgements: 0,
        is_complete,
        at: now(),
    })
}

fn leave(to: i64, reason: &str) -> Command {
    Command::LeaveGap { gap: gap(to), reason: reason.to_owned(), now: now() }
}

fn left(to: i64, reason: &str) -> Event {
    let Gap { from, to } = gap(to);
    Event::GapLeft(GapLeft { from, to, reason: reason.to_owned(), at: now() })
}

#[test]
fn a_repair_is_told_if_it_found_something_or_could_not_see_all() {
    let session = given(&[created()]);
    assert_eq!(session.decide(record(50, 3, true)), Ok(vec![repaired(50, 3, true)]));
    assert_eq!(session.decide(record(50, 0, false)), Ok(vec![repaired(50, 0, false)]));
    assert_eq!(session.decide(record(50, 0, true)), Ok(vec![]));
}

#[test]
fn a_repair_is_told_once() {
    let session = given(&[created(), repaired(50, 3, true)]);
    assert_eq!(session.decide(record(50, 3, true)), Ok(vec![]));
    assert_eq!(session.decide(record(51, 1, true)), Ok(vec![repaired(51, 1, true)]));
}

#[test]
fn a_gap_that_cannot_be_seen_is_told_once_for_each_reason_until_one_is_repaired() {
    let mut history = vec![created(), left(50, "no store")];
    assert_eq!(given(&history).decide(leave(60, "no store")), Ok(vec![]));
    assert_eq!(given(&history).decide(leave(60, "no key")), Ok(vec![left(60, "no key")]));
    // That it can be seen again is news.
    assert_eq!(given(&history).decide(record(60, 0, true)), Ok(vec![repaired(60, 0, true)]));
    history.push(repaired(60, 0, true));
    assert_eq!(given(&history).decide(leave(70, "no store")), Ok(vec![left(70, "no store")]));
}

#[test]
fn a_gap_begins_somewhat_before_what_was_heard_last_and_neither_long_ago_nor_before_the_pairing() {
    let (now, longest) = (seconds(100_000), TimeDelta::hours(24));
    let begins = |heard, paired| {
        let half = TimeDelta::milliseconds(500);
        Gap::since(seconds(heard) + half, seconds(paired) + half, now, longest).from
    };
    assert_eq!(begins(99_000, 0), seconds(99_000 - 15 * 60));
    assert_eq!(begins(99_000, 98_900), seconds(98_900));
    assert_eq!(begins(1_000, 0), seconds(100_000 - 24 * 60 * 60));
}

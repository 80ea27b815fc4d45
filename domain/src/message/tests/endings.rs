//! How a message ends unsent, and how a person may bring it back.

use super::*;

use DeadLetterReason as Dead;
use RefusalKind as Kind;

#[test]
fn a_message_expires_while_it_waits_and_not_before_its_time() {
    let over = given(&[queued_until(now())]);
    assert_eq!(over.decide(expire()), Ok(vec![expired()]));
    let not_yet = given(&[queued_until(seconds(61))]);
    assert_eq!(not_yet.decide(expire()), Ok(vec![]));
    assert_eq!(given(&[queued()]).decide(expire()), Ok(vec![]));
}

#[test]
fn a_message_whose_time_is_over_expires_instead_of_being_sent() {
    let history = [queued_until(seconds(60))];
    assert_eq!(given(&history).decide(start()), Ok(vec![expired()]));
    let between_attempts =
        [queued_until(now()), started(1), refused(1, Kind::Unreachable, Some(now()))];
    assert_eq!(given(&between_attempts).decide(start()), Ok(vec![expired()]));
}

#[test]
fn what_is_on_its_way_or_settled_does_not_expire() {
    let until_now = || queued_until(now());
    for history in [
        vec![until_now(), started(1)],
        vec![until_now(), started(1), unknown(1)],
        vec![until_now(), started(1), answered(1)],
        vec![until_now(), expired()],
        vec![until_now(), dead_lettered(Dead::SessionDeleted)],
    ] {
        assert_eq!(given(&history).decide(expire()), Ok(vec![]), "{history:?}");
    }
}

#[test]
fn only_a_waiting_message_is_given_up() {
    let gone = Dead::SessionDeleted;
    assert_eq!(given(&[queued()]).decide(give_up(gone)), Ok(vec![dead_lettered(gone)]));
    for history in [
        vec![queued(), started(1)],
        vec![queued(), started(1), unknown(1)],
        vec![queued(), started(1), answered(1)],
        vec![queued(), dead_lettered(gone)],
    ] {
        assert_eq!(given(&history).decide(give_up(gone)), Err(Rejection::NotWaiting));
    }
}

#[test]
fn only_a_dead_letter_is_redriven_or_discarded() {
    for history in [
        vec![queued()],
        vec![queued(), started(1)],
        vec![queued(), started(1), unknown(1)],
        vec![queued(), started(1), answered(1)],
        vec![queued(), expired()],
    ] {
        assert_eq!(given(&history).decide(redrive()), Err(Rejection::NotADeadLetter));
        assert_eq!(given(&history).decide(discard()), Err(Rejection::NotADeadLetter));
    }
    let dead = given(&[queued(), dead_lettered(Dead::SessionDeleted)]);
    assert_eq!(dead.decide(redrive()), Ok(vec![redriven()]));
    assert_eq!(dead.decide(discard()), Ok(vec![discarded()]));
}

#[test]
fn a_discarded_message_stays_discarded() {
    let discarded = given(&[queued(), dead_lettered(Dead::Refused), discarded()]);
    assert_eq!(discarded.decide(discard()), Ok(vec![]));
    assert_eq!(discarded.decide(redrive()), Err(Rejection::NotADeadLetter));
    assert_eq!(discarded.decide(start()), Err(Rejection::NotWaiting));
}

#[test]
fn a_redriven_message_may_spend_its_attempts_anew() {
    let mut history = vec![queued()];
    for attempt in 1..=3 {
        history.push(started(attempt));
        history.extend(given(&history).decide(refuse(attempt, Kind::Unreachable)).unwrap());
    }
    assert_eq!(history.last(), Some(&dead_lettered_after_refusal(3, Dead::AttemptsExhausted)));
    history.extend([redriven(), started(4)]);
    let refused_again = given(&history).decide(refuse(4, Kind::Unreachable));
    let later = Some(seconds(60 + 50));
    assert_eq!(refused_again, Ok(vec![refused(4, Kind::Unreachable, later)]));
}

#[test]
fn a_message_that_whatsapp_rejected_can_be_redriven_and_sent() {
    let rejected = [queued(), started(1), answered(1), rejected(1), redriven()];
    assert_eq!(given(&rejected).decide(start()), Ok(vec![started(2)]));
}

#[test]
fn an_echo_of_what_whatsapp_refused_since_does_not_make_it_sent() {
    let rejected = given(&[queued(), started(1), rejected(1)]);
    assert_eq!(rejected.decide(acknowledge(Ack::Pending)), Ok(vec![]));
    assert_eq!(rejected.decide(confirm(1)), Ok(vec![]));
    let redriven = rejected.evolve(&redriven());
    assert_eq!(redriven.decide(acknowledge(Ack::Server)), Ok(vec![]));
    assert_eq!(redriven.decide(start()), Ok(vec![started(2)]));
}

#[test]
fn that_it_was_delivered_counts_even_after_it_was_refused() {
    let rejected = given(&[queued(), started(1), rejected(1)]);
    let events = rejected.decide(acknowledge(Ack::Device)).unwrap();
    assert!(matches!(&events[..], [Event::Sent(_), Event::Delivered(_)]));
}

#[test]
fn a_redriven_message_is_sent_late_as_it_may_be() {
    let history = [queued_until(now()), started(1), rejected(1), redriven()];
    assert_eq!(given(&history).decide(start()), Ok(vec![started(2)]));
}

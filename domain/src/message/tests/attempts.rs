//! Attempts: how they are numbered, what each outcome leads to, and that no doubt is ever sent twice.

use super::*;

use DeadLetterReason as Dead;
use RefusalKind as Kind;

#[test]
fn a_new_id_is_queued_and_a_taken_one_is_refused() {
    assert_eq!(given(&[]).decide(Command::Queue(accepted())), Ok(vec![queued()]));
    let again = given(&[queued()]).decide(Command::Queue(accepted()));
    assert_eq!(again, Err(Rejection::AlreadyExists));
}

#[test]
fn nothing_is_asked_of_a_message_that_is_not_there() {
    for command in [start(), confirm(1), acknowledge(Ack::Read), expire(), redrive(), discard()] {
        assert_eq!(given(&[]).decide(command), Err(Rejection::Unknown));
    }
}

#[test]
fn attempts_are_numbered_from_one() {
    assert_eq!(given(&[queued()]).decide(start()), Ok(vec![started(1)]));
    let refused_once = [queued(), started(1), refused(1, Kind::Unreachable, Some(now()))];
    assert_eq!(given(&refused_once).decide(start()), Ok(vec![started(2)]));
}

#[test]
fn attempts_are_numbered_on_after_a_redrive() {
    let history = [queued(), started(1), dead_lettered(Dead::Refused), redriven()];
    assert_eq!(given(&history).decide(start()), Ok(vec![started(2)]));
}

#[test]
fn an_engine_that_takes_ids_is_given_the_same_one_at_every_attempt() {
    let takes_ids =
        Command::StartAttempt { message_id: MESSAGE_ID, engine_takes_ids: true, now: now() };
    let chosen = |history: &[Event]| match &given(history).decide(takes_ids.clone()).unwrap()[..] {
        [Event::AttemptStarted(started)] => started.waha_message_id.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    let refused_once = [queued(), started(1), refused(1, Kind::Unreachable, Some(now()))];
    assert_eq!(chosen(&[queued()]), chosen(&refused_once));
    let redriven = [queued(), dead_lettered(Dead::SessionDeleted), redriven()];
    assert_ne!(chosen(&[queued()]), chosen(&redriven));
}

#[test]
fn an_answer_proves_the_attempt_sent() {
    assert_eq!(given(&[queued(), started(1)]).decide(confirm(1)), Ok(vec![answered(1)]));
    assert_eq!(given(&[queued(), started(1), answered(1)]).decide(confirm(1)), Ok(vec![]));
}

#[test]
fn a_refused_attempt_is_tried_again_later_and_later() {
    let first = given(&[queued(), started(1)]).decide(refuse(1, Kind::Unreachable));
    assert_eq!(first, Ok(vec![refused(1, Kind::Unreachable, Some(seconds(60 + 50)))]));
    let history = [queued(), started(1), refused(1, Kind::Unreachable, Some(now())), started(2)];
    let second = given(&history).decide(refuse(2, Kind::RateLimited));
    assert_eq!(second, Ok(vec![refused(2, Kind::RateLimited, Some(seconds(60 + 100)))]));
}

#[test]
fn a_message_is_a_dead_letter_when_its_attempts_are_spent() {
    let history = [
        queued(),
        started(1),
        refused(1, Kind::Unreachable, Some(now())),
        started(2),
        refused(2, Kind::Unauthorized, Some(now())),
        started(3),
    ];
    let last = given(&history).decide(refuse(3, Kind::Unreachable));
    let end = dead_lettered_after_refusal(3, Dead::AttemptsExhausted);
    assert_eq!(last, Ok(vec![refused(3, Kind::Unreachable, None), end]));
}

#[test]
fn a_session_that_is_not_working_spends_no_attempt() {
    let mut history = vec![queued()];
    for attempt in 1..=10 {
        history.push(started(attempt));
        let waited = given(&history).decide(refuse(attempt, Kind::SessionNotWorking)).unwrap();
        assert_eq!(waited, [refused(attempt, Kind::SessionNotWorking, Some(seconds(60 + 50)))]);
        history.extend(waited);
    }
}

#[test]
fn a_refusal_that_trying_again_cannot_change_is_the_last() {
    for kind in [Kind::Invalid, Kind::NotSupported] {
        let end = dead_lettered_after_refusal(1, Dead::Refused);
        let decided = given(&[queued(), started(1)]).decide(refuse(1, kind));
        assert_eq!(decided, Ok(vec![refused(1, kind, None), end]));
    }
}

#[test]
fn an_abandoned_attempt_becomes_unknown_and_starts_no_other() {
    let decided = given(&[queued(), started(1)]).decide(start()).unwrap();
    assert!(matches!(&decided[..], [Event::OutcomeUnknown(unknown)] if unknown.attempt == 1));
    let in_doubt = given(&[queued(), started(1)]).evolve(&decided[0]);
    assert_eq!(in_doubt.decide(start()), Err(Rejection::NotWaiting));
}

#[test]
fn an_outcome_is_in_doubt_once() {
    assert_eq!(given(&[queued(), started(1)]).decide(lose_sight_of(1)), Ok(vec![unknown(1)]));
    let in_doubt = [queued(), started(1), unknown(1)];
    assert_eq!(given(&in_doubt).decide(lose_sight_of(1)), Ok(vec![]));
    assert_eq!(given(&[queued(), started(1), answered(1)]).decide(lose_sight_of(1)), Ok(vec![]));
}

#[test]
fn a_doubt_ends_with_proof_of_either_outcome() {
    let in_doubt = given(&[queued(), started(1), unknown(1)]);
    assert_eq!(in_doubt.decide(confirm(1)), Ok(vec![answered(1)]));
    assert_eq!(in_doubt.decide(acknowledge(Ack::Server)), Ok(vec![proven(1)]));
    let refusal = in_doubt.decide(refuse(1, Kind::Unreachable)).unwrap();
    assert_eq!(in_doubt.evolve(&refusal[0]).decide(start()), Ok(vec![started(2)]));
}

#[test]
fn only_the_latest_attempt_is_reported_on() {
    let second =
        given(&[queued(), started(1), refused(1, Kind::Unreachable, Some(now())), started(2)]);
    for attempt in [0, 1, 3] {
        assert_eq!(second.decide(confirm(attempt)), Err(Rejection::StaleAttempt));
        assert_eq!(second.decide(lose_sight_of(attempt)), Err(Rejection::StaleAttempt));
        let refusal = second.decide(refuse(attempt, Kind::Unreachable));
        assert_eq!(refusal, Err(Rejection::StaleAttempt));
    }
    assert_eq!(given(&[queued()]).decide(confirm(0)), Err(Rejection::StaleAttempt));
}

#[test]
fn a_settled_attempt_is_not_refused_or_doubted_afterwards() {
    let refused_once = given(&[queued(), started(1), refused(1, Kind::Unreachable, Some(now()))]);
    assert_eq!(refused_once.decide(lose_sight_of(1)), Err(Rejection::StaleAttempt));
    let again = refused_once.decide(refuse(1, Kind::Unreachable));
    assert_eq!(again, Err(Rejection::StaleAttempt));
    let sent = given(&[queued(), started(1), answered(1)]);
    assert_eq!(sent.decide(refuse(1, Kind::Unreachable)), Err(Rejection::StaleAttempt));
    assert_eq!(sent.decide(start()), Err(Rejection::NotWaiting));
}

//! What WhatsApp tells of a message: in any order, more than once, at any time.

use super::*;

use super::event::AckOverdue;
use DeadLetterReason as Dead;

#[test]
fn receipts_are_recorded_as_they_come() {
    let mut history = vec![queued(), started(1), answered(1)];
    for (ack, receipt) in [(Ack::Device, delivered()), (Ack::Read, read()), (Ack::Played, played())]
    {
        assert_eq!(given(&history).decide(acknowledge(ack)), Ok(vec![receipt.clone()]));
        history.push(receipt);
    }
}

#[test]
fn an_acknowledgement_may_come_before_the_answer() {
    let sending = [queued(), started(1)];
    for (ack, receipt) in [(Ack::Device, delivered()), (Ack::Read, read()), (Ack::Played, played())]
    {
        let decided = given(&sending).decide(acknowledge(ack));
        assert_eq!(decided, Ok(vec![proven(1), receipt]));
    }
    let overtaken = given(&[queued(), started(1), proven(1), delivered()]);
    assert_eq!(overtaken.decide(confirm(1)), Ok(vec![]));
}

#[test]
fn an_echo_or_the_servers_acknowledgement_proves_no_more_than_the_sending() {
    for (ack, evidence) in
        [(Ack::Pending, Evidence::Echo), (Ack::Server, Evidence::Acknowledgement)]
    {
        let sending = given(&[queued(), started(1)]);
        assert_eq!(sending.decide(acknowledge(ack)), Ok(vec![sent(1, evidence)]));
        let sent = given(&[queued(), started(1), answered(1)]);
        assert_eq!(sent.decide(acknowledge(ack)), Ok(vec![]));
    }
}

#[test]
fn late_and_repeated_acknowledgements_record_nothing() {
    let was_read = given(&[queued(), started(1), answered(1), read()]);
    for ack in [Ack::Error, Ack::Pending, Ack::Server, Ack::Device, Ack::Read] {
        assert_eq!(was_read.decide(acknowledge(ack)), Ok(vec![]), "{ack:?}");
    }
    assert_eq!(was_read.decide(acknowledge(Ack::Played)), Ok(vec![played()]));
}

#[test]
fn an_overdue_acknowledgement_is_reported_once_and_still_awaited() {
    let report = |attempt| Command::ReportAckOverdue { attempt, now: now() };
    let overdue =
        Event::AckOverdue(AckOverdue { attempt: 1, session_id: Some(SESSION_ID), at: now() });
    let mut history = vec![queued(), started(1), answered(1)];
    assert_eq!(given(&history).decide(report(1)), Ok(vec![overdue.clone()]));
    assert_eq!(given(&history).decide(report(2)), Err(Rejection::StaleAttempt));
    history.push(overdue);
    assert_eq!(given(&history).decide(report(1)), Ok(vec![]));
    assert_eq!(given(&history).decide(acknowledge(Ack::Device)), Ok(vec![delivered()]));
}

#[test]
fn what_has_come_further_or_was_never_sent_is_not_overdue() {
    for history in [
        vec![queued(), started(1)],
        vec![queued(), started(1), unknown(1)],
        vec![queued(), started(1), answered(1), delivered()],
        vec![queued(), started(1), answered(1), rejected(1)],
    ] {
        let command = Command::ReportAckOverdue { attempt: 1, now: now() };
        assert_eq!(given(&history).decide(command), Ok(vec![]), "{history:?}");
    }
}

#[test]
fn a_rejection_by_whatsapp_counts_while_nothing_better_is_known() {
    let rejected = Ok(vec![rejected(1)]);
    for history in [
        vec![queued(), started(1)],
        vec![queued(), started(1), unknown(1)],
        vec![queued(), started(1), answered(1)],
    ] {
        assert_eq!(given(&history).decide(acknowledge(Ack::Error)), rejected);
    }
    let delivered = given(&[queued(), started(1), answered(1), delivered()]);
    assert_eq!(delivered.decide(acknowledge(Ack::Error)), Ok(vec![]));
    assert_eq!(given(&[queued()]).decide(acknowledge(Ack::Error)), Ok(vec![]));
}

#[test]
fn evidence_wins_over_every_other_end() {
    for history in [
        vec![queued(), started(1), dead_lettered(Dead::AttemptsExhausted)],
        vec![queued(), started(1), rejected(1)],
        vec![queued(), started(1), dead_lettered(Dead::Refused), discarded()],
        vec![queued(), started(1), expired()],
        vec![queued(), started(1), dead_lettered(Dead::Refused), redriven()],
    ] {
        let decided = given(&history).decide(acknowledge(Ack::Device));
        assert_eq!(decided, Ok(vec![proven(1), delivered()]), "{history:?}");
        let sent = given(&[history, decided.unwrap()].concat());
        assert_eq!(sent.decide(start()), Err(Rejection::NotWaiting));
    }
}

#[test]
fn a_message_of_somebody_else_is_recorded_once_and_asked_nothing() {
    assert_eq!(given(&[]).decide(receive()), Ok(vec![from_somebody()]));
    let inbound = given(&[from_somebody()]);
    assert_eq!(inbound.decide(receive()), Ok(vec![]));
    assert_eq!(inbound.decide(Command::Queue(accepted())), Err(Rejection::AlreadyExists));
    for command in [start(), acknowledge(Ack::Read), redrive(), discard()] {
        assert_eq!(inbound.decide(command), Err(Rejection::Inbound));
    }
    assert_eq!(given(&[queued()]).decide(receive()), Err(Rejection::AlreadyExists));
}

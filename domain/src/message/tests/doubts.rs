//! Doubts: what looking, a person's word or the tenant's policy makes of an unknown outcome.

use super::*;

use super::doubt::{Finding, OnUnknown, OrderedBy, Sighting, Verdict};
use super::event::{AbsenceProven, FindingKind, LeftUnknown, LookedUp, ResendOrdered};
use DeadLetterReason as Dead;

const REASON: &str = "WAHA keeps no messages";

fn sighting(ack: Ack) -> Sighting {
    Sighting { waha_message_id: whatsapp_id(), ack, at: now() }
}

/// A look so many seconds after the attempt became unknown.
fn look(after: i64, finding: Finding, on_unknown: OnUnknown) -> Command {
    let policy = SettlePolicy { on_unknown, ..SETTLING };
    Command::RecordLook { attempt: 1, finding, policy, now: seconds(60 + after) }
}

fn seen(ack: Ack) -> Command {
    look(1, Finding::Found(sighting(ack)), OnUnknown::Hold)
}

fn not_seen(after: i64) -> Command {
    look(after, Finding::Absent, OnUnknown::Hold)
}

fn undecided(on_unknown: OnUnknown) -> Command {
    look(1, Finding::Undecidable { reason: REASON.to_owned() }, on_unknown)
}

fn looked_up(look: u32, finding: FindingKind, absences: u32, at: i64, next: Option<i64>) -> Event {
    let reason = (finding == FindingKind::Undecidable).then(|| REASON.to_owned());
    let next_look_at = next.map(|next| seconds(60 + next));
    let at = seconds(60 + at);
    Event::LookedUp(LookedUp { attempt: 1, look, finding, absences, reason, next_look_at, at })
}

fn absence_proven(at: i64) -> Event {
    Event::AbsenceProven(AbsenceProven { attempt: 1, at: seconds(60 + at) })
}

fn left_unknown() -> Event {
    Event::LeftUnknown(LeftUnknown { attempt: 1, reason: REASON.to_owned(), at: seconds(61) })
}

fn resend_ordered(by: OrderedBy) -> Event {
    let (reason, at) = match by {
        OrderedBy::Policy => (Some(REASON.to_owned()), seconds(61)),
        OrderedBy::Person => (None, now()),
    };
    Event::ResendOrdered(ResendOrdered { attempt: 1, by, reason, at })
}

/// In doubt, and looked for in vain twice.
fn before_the_last_look() -> Vec<Event> {
    let undecided = |n| looked_up(n, FindingKind::Undecidable, 0, 1, Some(1));
    vec![queued(), started(1), unknown(1), undecided(1), undecided(2)]
}

#[test]
fn what_is_seen_among_the_chats_messages_was_sent() {
    let in_doubt = given(&[queued(), started(1), unknown(1)]);
    let found = sent(1, Evidence::Lookup);
    assert_eq!(in_doubt.decide(seen(Ack::Pending)), Ok(vec![found.clone()]));
    assert_eq!(in_doubt.decide(seen(Ack::Read)), Ok(vec![found, read()]));
    assert_eq!(in_doubt.decide(seen(Ack::Error)), Ok(vec![rejected(1)]));
}

#[test]
fn absence_seen_before_the_grace_is_over_proves_nothing() {
    let in_doubt = given(&[queued(), started(1), unknown(1)]);
    let early = looked_up(1, FindingKind::Absent, 0, 59, Some(59 + 10));
    assert_eq!(in_doubt.decide(not_seen(59)), Ok(vec![early]));
}

#[test]
fn absence_seen_twice_in_a_row_is_proof_and_the_message_is_sent_again() {
    let once = looked_up(1, FindingKind::Absent, 1, 60, Some(60 + 10));
    let mut history = vec![queued(), started(1), unknown(1)];
    assert_eq!(given(&history).decide(not_seen(60)), Ok(vec![once.clone()]));
    history.push(once);
    let twice = looked_up(2, FindingKind::Absent, 2, 70, None);
    let decided = given(&history).decide(not_seen(70)).unwrap();
    assert_eq!(decided, [twice, absence_proven(70)]);
    history.extend(decided);
    assert_eq!(given(&history).decide(start()), Ok(vec![started(2)]));
}

#[test]
fn a_look_that_tells_nothing_starts_the_count_of_absences_anew() {
    let once = looked_up(1, FindingKind::Absent, 1, 60, Some(70));
    let in_doubt = given(&[queued(), started(1), unknown(1), once]);
    let decided = in_doubt.decide(undecided(OnUnknown::Hold)).unwrap();
    assert_eq!(decided, [looked_up(2, FindingKind::Undecidable, 0, 1, Some(1 + 20))]);
    let still = in_doubt.evolve(&decided[0]);
    let third = still.decide(not_seen(90)).unwrap();
    assert_eq!(third[0], looked_up(3, FindingKind::Absent, 1, 90, None));
    assert!(matches!(third[1], Event::LeftUnknown(_)), "{third:?}");
}

#[test]
fn a_repeat_carries_the_same_id() {
    let takes_ids =
        Command::StartAttempt { message_id: MESSAGE_ID, engine_takes_ids: true, now: now() };
    let chosen = |history: &[Event]| match &given(history).decide(takes_ids.clone()).unwrap()[..] {
        [Event::AttemptStarted(started)] => started.waha_message_id.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    let absent = [queued(), started(1), unknown(1), absence_proven(60)];
    assert_eq!(chosen(&absent), chosen(&[queued()]));
    let ordered = [queued(), started(1), unknown(1), resend_ordered(OrderedBy::Policy)];
    assert_eq!(chosen(&ordered), chosen(&[queued()]));
}

#[test]
fn attempts_that_sent_nothing_are_spent_like_refused_ones() {
    let mut history = vec![queued()];
    for attempt in 1..=2 {
        history.extend([started(attempt), unknown(attempt)]);
        history.push(Event::AbsenceProven(AbsenceProven { attempt, at: now() }));
    }
    history.extend([started(3), unknown(3), looked_up(1, FindingKind::Absent, 1, 60, Some(70))]);
    let last = Command::RecordLook {
        attempt: 3,
        finding: Finding::Absent,
        policy: SETTLING,
        now: seconds(120),
    };
    let decided = given(&history).decide(last).unwrap();
    let [Event::LookedUp(_), Event::AbsenceProven(_), Event::DeadLettered(dead)] = &decided[..]
    else {
        panic!("{decided:?}")
    };
    assert_eq!((dead.attempt, dead.reason), (Some(3), Dead::AttemptsExhausted));
}

#[test]
fn what_cannot_be_decided_stays_unknown_with_its_reason() {
    let last = looked_up(3, FindingKind::Undecidable, 0, 1, None);
    let history = before_the_last_look();
    let decided = given(&history).decide(undecided(OnUnknown::Hold)).unwrap();
    assert_eq!(decided, [last, left_unknown()]);
    let left = given(&[history, decided].concat());
    assert_eq!(left.decide(start()), Err(Rejection::NotWaiting));
    assert_eq!(left.decide(acknowledge(Ack::Server)), Ok(vec![proven(1)]), "evidence wins");
}

#[test]
fn the_policy_sends_it_again_once() {
    let last = looked_up(3, FindingKind::Undecidable, 0, 1, None);
    let mut history = before_the_last_look();
    let decided = given(&history).decide(undecided(OnUnknown::Resend)).unwrap();
    assert_eq!(decided, [last, resend_ordered(OrderedBy::Policy)]);
    history.extend(decided);
    assert_eq!(given(&history).decide(start()), Ok(vec![started(2)]));

    history.extend([started(2), unknown(2)]);
    let command = |now| Command::RecordLook {
        attempt: 2,
        finding: Finding::Undecidable { reason: REASON.to_owned() },
        policy: SettlePolicy { on_unknown: OnUnknown::Resend, looks_max: 1, ..SETTLING },
        now,
    };
    let decided = given(&history).decide(command(now())).unwrap();
    assert!(matches!(decided[1], Event::LeftUnknown(_)), "{decided:?}");
}

#[test]
fn a_person_settles_a_doubt() {
    let settle = |verdict| Command::Settle { verdict, now: now() };
    for history in [vec![queued(), started(1), unknown(1)], before_the_last_look()] {
        let in_doubt = given(&history);
        let Ok(declared) = in_doubt.decide(settle(Verdict::Sent)) else { panic!() };
        assert!(
            matches!(&declared[..], [Event::Sent(sent)] if sent.evidence == Evidence::Declaration)
        );
        let resent = in_doubt.decide(settle(Verdict::Resend));
        assert_eq!(resent, Ok(vec![resend_ordered(OrderedBy::Person)]));
        let failed = in_doubt.decide(settle(Verdict::Failed)).unwrap();
        let [Event::DeadLettered(dead)] = &failed[..] else { panic!("{failed:?}") };
        assert_eq!(dead.reason, Dead::DeclaredFailed);
    }
    for history in
        [vec![queued()], vec![queued(), started(1)], vec![queued(), started(1), answered(1)]]
    {
        let refused = given(&history).decide(settle(Verdict::Sent));
        assert_eq!(refused, Err(Rejection::NotInDoubt));
    }
}

#[test]
fn a_look_at_what_is_settled_by_now_is_refused() {
    for history in [
        vec![queued(), started(1), unknown(1), proven(1)],
        vec![queued(), started(1), unknown(1), absence_proven(60)],
        vec![queued(), started(1)],
    ] {
        for command in [seen(Ack::Read), not_seen(60), undecided(OnUnknown::Resend)] {
            assert_eq!(given(&history).decide(command), Err(Rejection::NotInDoubt));
        }
    }
    let second = given(&[queued(), started(1), unknown(1), absence_proven(60), started(2)]);
    assert_eq!(second.decide(not_seen(60)), Err(Rejection::StaleAttempt));
}

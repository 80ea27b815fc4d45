//! Given what calls and probes told, when is called.

use proptest::prelude::*;

use super::*;
use crate::message::refusal::Refusal;

const POLICY: BreakerPolicy = BreakerPolicy {
    failures_max: 3,
    open_for: TimeDelta::seconds(5),
    open_for_max: TimeDelta::seconds(60),
};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn after(breaker: Breaker, signs: &[Sign]) -> Breaker {
    signs.iter().fold(breaker, |breaker, sign| breaker.after_call(*sign, &POLICY, at(0)))
}

fn open(seconds: i64, openings: u32) -> Breaker {
    Breaker::Open { until: at(seconds), openings }
}

#[test]
fn failures_in_a_row_open_it_and_a_success_in_between_forgets_them() {
    use Sign::{Ill, Nothing, Well};
    assert!(after(Breaker::default(), &[Ill, Ill, Well, Ill, Ill, Nothing]).is_closed());
    assert_eq!(after(Breaker::default(), &[Ill, Nothing, Ill, Ill]), open(5, 1));
}

#[test]
fn what_was_under_way_when_it_opened_changes_nothing() {
    for sign in [Sign::Well, Sign::Ill, Sign::Nothing] {
        assert_eq!(after(open(5, 1), &[sign]), open(5, 1));
        assert_eq!(
            after(Breaker::HalfOpen { openings: 1 }, &[sign]),
            Breaker::HalfOpen { openings: 1 }
        );
    }
}

#[test]
fn it_is_probed_when_its_time_is_over_and_not_before() {
    assert_eq!(open(5, 1).to_be_probed(at(4)), open(5, 1));
    assert_eq!(open(5, 1).to_be_probed(at(5)), Breaker::HalfOpen { openings: 1 });
    assert_eq!(Breaker::default().to_be_probed(at(5)), Breaker::default());
}

#[test]
fn a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_ceiling() {
    let mut breaker = open(0, 1);
    let mut seconds = Vec::new();
    for _ in 0..6 {
        let Breaker::Open { until, .. } = breaker else { panic!("{breaker:?}") };
        breaker = breaker.to_be_probed(until).after_probe(false, &POLICY, until);
        let Breaker::Open { until: next, .. } = breaker else { panic!("{breaker:?}") };
        seconds.push((next - until).num_seconds());
    }
    assert_eq!(seconds, [10, 20, 40, 60, 60, 60]);
}

#[test]
fn after_a_probe_one_failure_opens_it_again_and_one_success_makes_it_as_new() {
    let probed = Breaker::HalfOpen { openings: 2 }.after_probe(true, &POLICY, at(0));
    assert!(probed.is_closed());
    assert_eq!(after(probed, &[Sign::Ill]), open(20, 3));
    assert_eq!(after(probed, &[Sign::Well]), Breaker::default());
}

#[test]
fn an_outcome_tells_whose_failure_it_is() {
    use Sign::{Ill, Nothing, Well};
    let refused = |kind| SendOutcome::Refused {
        refusal: Refusal { kind, detail: String::new() },
        session_status: None,
    };
    let unknown = |fault| SendOutcome::Unknown { detail: String::new(), fault };
    for (outcome, expected) in [
        (SendOutcome::Sent { waha_message_id: None }, (Well, Well)),
        (refused(RefusalKind::Unreachable), (Ill, Nothing)),
        (refused(RefusalKind::Unauthorized), (Ill, Nothing)),
        (refused(RefusalKind::NotFound), (Well, Ill)),
        (refused(RefusalKind::SessionNotWorking), (Well, Ill)),
        (refused(RefusalKind::RateLimited), (Nothing, Nothing)),
        (refused(RefusalKind::Invalid), (Well, Nothing)),
        (refused(RefusalKind::ReachOutLocked), (Well, Nothing)),
        (unknown(Fault::Server), (Ill, Nothing)),
        (unknown(Fault::Session), (Well, Ill)),
        (unknown(Fault::Either), (Ill, Ill)),
    ] {
        assert_eq!(signs(&outcome), expected, "{outcome:?}");
    }
}

proptest! {
    #[test]
    fn whatever_happens_it_opens_only_after_enough_failures_and_closes_only_after_a_probe(
        steps in proptest::collection::vec((0..4_u8, 0..30_i64), 0..60),
    ) {
        let (mut breaker, mut now, mut failures) = (Breaker::default(), 0, 0);
        for (step, seconds) in steps {
            now += seconds;
            let before = breaker;
            breaker = match step {
                0 => before.after_call(Sign::Well, &POLICY, at(now)),
                1 => before.after_call(Sign::Ill, &POLICY, at(now)),
                2 => before.to_be_probed(at(now)).after_probe(true, &POLICY, at(now)),
                _ => before.to_be_probed(at(now)).after_probe(false, &POLICY, at(now)),
            };
            match (before, breaker) {
                (Breaker::Closed { openings: 0, .. }, Breaker::Open { .. }) => {
                    prop_assert!(step == 1 && failures + 1 >= POLICY.failures_max);
                }
                (Breaker::Open { until, .. }, Breaker::Closed { .. }) => {
                    prop_assert!(step == 2 && at(now) >= until);
                }
                (_, Breaker::Open { until, .. }) => {
                    prop_assert!(until - at(now) <= POLICY.open_for_max);
                }
                _ => {}
            }
            failures = if let Breaker::Closed { failures, .. } = breaker { failures } else { 0 };
        }
    }
}

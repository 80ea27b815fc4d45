//! Laws: what holds after any sequence of commands, in any order, however mistaken.

use proptest::prelude::*;

use super::doubt::{Finding, OnUnknown, OrderedBy, Sighting};
use super::event::FindingKind;
use super::*;

/// A command, with attempts counted back from the latest: 0 is the latest itself.
#[derive(Debug, Clone)]
enum Ask {
    Start { takes_ids: bool, at: i64 },
    Confirm { back: u32 },
    Refuse { back: u32, kind: RefusalKind },
    LoseSight { back: u32 },
    Look { back: u32, finding: Finding, on_unknown: OnUnknown, at: i64 },
    Settle(Verdict),
    Acknowledge(Ack),
    Expire { at: i64 },
    GiveUp,
    Redrive,
    Discard,
    Receive,
}

fn acks() -> impl Strategy<Value = Ack> {
    prop_oneof![
        Just(Ack::Error),
        Just(Ack::Pending),
        Just(Ack::Server),
        Just(Ack::Device),
        Just(Ack::Read),
        Just(Ack::Played),
    ]
}

fn refusals() -> impl Strategy<Value = RefusalKind> {
    prop_oneof![
        4 => Just(RefusalKind::Unreachable),
        2 => Just(RefusalKind::SessionNotWorking),
        1 => Just(RefusalKind::Invalid),
    ]
}

fn findings() -> impl Strategy<Value = Finding> {
    prop_oneof![
        1 => acks().prop_map(|ack| Finding::Found(sighting(ack))),
        4 => Just(Finding::Absent),
        2 => Just(Finding::Undecidable { reason: String::new() }),
    ]
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Verdict::Sent), Just(Verdict::Resend), Just(Verdict::Failed)]
}

fn sighting(ack: Ack) -> Sighting {
    Sighting { waha_message_id: whatsapp_id(), ack, at: now() }
}

fn looks() -> impl Strategy<Value = Ask> {
    let policies = prop_oneof![Just(OnUnknown::Hold), Just(OnUnknown::Resend)];
    (0_u32..2, findings(), policies, 60_i64..200)
        .prop_map(|(back, finding, on_unknown, at)| Ask::Look { back, finding, on_unknown, at })
}

/// Attempts move often, so that long histories are reached; what ends a history comes more seldom.
fn asks() -> impl Strategy<Value = Ask> {
    prop_oneof![
        8 => (any::<bool>(), 0_i64..90).prop_map(|(takes_ids, at)| Ask::Start { takes_ids, at }),
        2 => (0_u32..3).prop_map(|back| Ask::Confirm { back }),
        6 => (0_u32..3, refusals()).prop_map(|(back, kind)| Ask::Refuse { back, kind }),
        4 => (0_u32..3).prop_map(|back| Ask::LoseSight { back }),
        6 => looks(),
        1 => verdicts().prop_map(Ask::Settle),
        2 => acks().prop_map(Ask::Acknowledge),
        1 => (0_i64..120).prop_map(|at| Ask::Expire { at }),
        1 => Just(Ask::GiveUp),
        4 => Just(Ask::Redrive),
        1 => Just(Ask::Discard),
        1 => Just(Ask::Receive),
    ]
}

fn command(ask: &Ask, history: &[Event]) -> Command {
    let latest = history.iter().filter(|e| matches!(e, Event::AttemptStarted(_))).count();
    let attempt = |back| u32::try_from(latest).unwrap().saturating_sub(back);
    match *ask {
        Ask::Start { takes_ids, at } => Command::StartAttempt {
            message_id: MESSAGE_ID,
            engine_takes_ids: takes_ids,
            now: seconds(at),
        },
        Ask::Confirm { back } => confirm(attempt(back)),
        Ask::Refuse { back, kind } => refuse(attempt(back), kind),
        Ask::LoseSight { back } => lose_sight_of(attempt(back)),
        Ask::Look { back, ref finding, on_unknown, at } => Command::RecordLook {
            attempt: attempt(back),
            finding: finding.clone(),
            policy: SettlePolicy { on_unknown, ..SETTLING },
            now: seconds(at),
        },
        Ask::Settle(verdict) => Command::Settle { verdict, now: now() },
        Ask::Acknowledge(ack) => acknowledge(ack),
        Ask::Expire { at } => Command::Expire { now: seconds(at) },
        Ask::GiveUp => give_up(DeadLetterReason::SessionDeleted),
        Ask::Redrive => redrive(),
        Ask::Discard => discard(),
        Ask::Receive => receive(),
    }
}

/// What came of asking all that, of a message of ours which may expire.
fn lives() -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec(asks(), 0..60).prop_map(|asks| {
        let mut history = vec![queued_until(seconds(80))];
        let mut message = given(&history);
        for ask in asks {
            for event in message.decide(command(&ask, &history)).unwrap_or_default() {
                message = message.evolve(&event);
                history.push(event);
            }
        }
        history
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn living_through_the_events_and_replaying_them_agree(asks in proptest::collection::vec(asks(), 0..60)) {
        let mut history = vec![];
        let mut living = Message::default();
        for ask in std::iter::once(None).chain(asks.into_iter().map(Some)) {
            let command =
                ask.map_or_else(|| Command::Queue(accepted()), |ask| command(&ask, &history));
            for event in living.decide(command).unwrap_or_default() {
                living = living.evolve(&event);
                history.push(event);
            }
            prop_assert_eq!(&living, &Message::replay(&history));
        }
    }

    #[test]
    fn no_attempt_starts_while_another_is_open_or_in_doubt_unless_that_was_ordered(life in lives()) {
        let mut is_open = false;
        let mut latest = 0;
        for event in life {
            match event {
                Event::AttemptStarted(started) => {
                    prop_assert!(!is_open);
                    prop_assert_eq!(started.attempt, latest + 1);
                    (is_open, latest) = (true, started.attempt);
                }
                Event::OutcomeUnknown(_) => prop_assert!(is_open),
                Event::AttemptRefused(_)
                | Event::AbsenceProven(_)
                | Event::ResendOrdered(_)
                | Event::Sent(_)
                | Event::DeadLettered(_) => is_open = false,
                _ => {}
            }
        }
    }

    #[test]
    fn one_attempt_is_proven_sent_between_redrives_at_most(life in lives()) {
        for generation in life.split(|event| matches!(event, Event::Redriven(_))) {
            let mut sent: Vec<_> = generation
                .iter()
                .filter_map(|event| if let Event::Sent(sent) = event { Some(sent.attempt) } else { None })
                .collect();
            sent.dedup();
            prop_assert!(sent.len() <= 1, "{sent:?}");
        }
    }

    #[test]
    fn what_was_sent_is_never_attempted_again_unless_whatsapp_rejected_it(life in lives()) {
        let mut is_sent = false;
        for event in life {
            match event {
                Event::Sent(_) => is_sent = true,
                Event::DeadLettered(dead) => {
                    let is_rejected = dead.reason == DeadLetterReason::RejectedByWhatsApp;
                    prop_assert!(is_rejected || !is_sent);
                    is_sent = false;
                }
                Event::AttemptStarted(_) | Event::Redriven(_) => prop_assert!(!is_sent),
                _ => {}
            }
        }
    }

    #[test]
    fn absence_is_proven_only_by_seeing_it_twice_after_the_grace(life in lives()) {
        let (mut since, mut seen) = (now(), vec![]);
        for event in life {
            match event {
                Event::OutcomeUnknown(unknown) => (since, seen) = (unknown.at, vec![]),
                Event::LookedUp(looked) => seen.push(looked),
                Event::AbsenceProven(_) => {
                    let last: Vec<_> = seen.iter().rev().take(2).collect();
                    prop_assert_eq!(last.len(), 2);
                    for look in last {
                        prop_assert_eq!(look.finding, FindingKind::Absent);
                        prop_assert!(look.at >= since + SETTLING.grace);
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_policy_orders_one_repeat_between_redrives_at_most(life in lives()) {
        for generation in life.split(|event| matches!(event, Event::Redriven(_))) {
            let by_policy = |event: &&Event| {
                matches!(event, Event::ResendOrdered(ordered) if ordered.by == OrderedBy::Policy)
            };
            prop_assert!(generation.iter().filter(by_policy).count() <= 1);
        }
    }

    #[test]
    fn receipts_only_grow(life in lives()) {
        let mut reached = 0;
        for event in life {
            let receipt = match event {
                Event::Delivered(_) => 1,
                Event::Read(_) => 2,
                Event::Played(_) => 3,
                _ => continue,
            };
            prop_assert!(receipt > reached);
            reached = receipt;
        }
    }

    #[test]
    fn what_may_be_repeated_records_nothing_the_second_time(life in lives(), ack in acks()) {
        for command in [acknowledge(ack), expire(), discard(), receive()] {
            let message = given(&life);
            let Ok(decided) = message.decide(command.clone()) else { continue };
            let told = decided.iter().fold(message, Message::evolve);
            prop_assert_eq!(told.decide(command), Ok(vec![]));
        }
    }

    #[test]
    fn somebody_elses_message_stays_as_it_came(asks in proptest::collection::vec(asks(), 0..20)) {
        let inbound = [from_somebody()];
        for ask in asks {
            let decided = given(&inbound).decide(command(&ask, &inbound));
            prop_assert!(decided.is_err() || decided == Ok(vec![]));
        }
    }
}

//! Laws: what holds after any sequence of commands, in any order.

use proptest::prelude::*;

use super::gaps::gap;
use super::*;

fn actions() -> impl Strategy<Value = Action> {
    proptest::sample::select(ACTIONS.to_vec())
}

fn reports() -> impl Strategy<Value = Command> {
    let statuses = vec![SessionStatus::Working, SessionStatus::Stopped, SessionStatus::Failed];
    (proptest::sample::select(statuses), 0_i64..20)
        .prop_map(|(status, as_of)| report(status, seconds(as_of)))
}

fn lock(at: i64) -> Command {
    Command::LockReachOut { until: seconds(at + 5), detail: String::new(), now: seconds(at) }
}

fn repairs() -> impl Strategy<Value = Command> {
    (0_i64..20, 0_u32..2, any::<bool>()).prop_map(|(to, messages, is_complete)| {
        let repair = Repair { messages, acknowledgements: 0, is_complete };
        Command::RecordRepair { gap: gap(to), repair, now: seconds(to) }
    })
}

fn leave(to: i64) -> Command {
    Command::LeaveGap { gap: gap(to), reason: "no store".to_owned(), now: seconds(to) }
}

fn moves() -> impl Strategy<Value = Command> {
    (proptest::sample::select(vec!["default", "eu-1"]), 0_i64..20).prop_map(|(server, at)| {
        let server = server.to_owned().try_into().unwrap();
        Command::Move { server, keep_pairing: false, now: seconds(at) }
    })
}

fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => Just(create()),
        4 => actions().prop_map(request),
        4 => actions().prop_map(complete),
        2 => actions().prop_map(fail),
        4 => reports(),
        1 => (0_i64..20).prop_map(lock),
        1 => proptest::sample::select(QueueMode::ALL.to_vec())
            .prop_map(|mode| Command::SetQueueMode { mode, now: now() }),
        2 => Just(suspect()),
        1 => Just(Command::Trust { now: now() }),
        2 => (0_i64..10_000).prop_map(|at| Command::Heal { now: seconds(at) }),
        2 => repairs(),
        1 => (0_i64..20).prop_map(leave),
        1 => moves(),
    ]
}

/// What came of asking all that.
fn lives() -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec(commands(), 0..40).prop_map(|commands| {
        let mut history = vec![created()];
        for command in commands {
            history.extend(given(&history).decide(command).unwrap_or_default());
        }
        history
    })
}

proptest! {
    #[test]
    fn one_action_is_pending_at_a_time_and_only_it_ends(life in lives()) {
        let mut pending = None;
        for event in life {
            match event {
                Event::Created(_) => pending = Some(Action::Start),
                Event::ActionRequested(requested) => {
                    prop_assert_ne!(pending, Some(Action::Delete));
                    pending = Some(requested.action);
                }
                Event::ActionCompleted(ActionCompleted { action, .. })
                | Event::ActionFailed(ActionFailed { action, .. }) => {
                    prop_assert_eq!(pending, Some(action));
                    pending = None;
                }
                Event::Placed(_) => {
                    prop_assert_ne!(pending, Some(Action::Delete));
                    pending = Some(Action::Start);
                }
                Event::Deleted(_) => prop_assert_eq!(pending, Some(Action::Delete)),
                Event::StatusChanged(_)
                | Event::ReachOutLocked(_)
                | Event::QueueModeSet(_)
                | Event::Suspected(_)
                | Event::Trusted(_)
                | Event::GapRepaired(_)
                | Event::GapLeft(_) => {}
            }
        }
    }

    #[test]
    fn nothing_follows_a_deletion(life in lives()) {
        let deleted = life.iter().position(|event| matches!(event, Event::Deleted(_)));
        prop_assert!(deleted.is_none_or(|index| index + 1 == life.len()));
    }

    #[test]
    fn recorded_reports_never_go_back_in_time(life in lives()) {
        let times: Vec<_> = life
            .iter()
            .filter_map(|event| if let Event::StatusChanged(c) = event { Some(c.at) } else { None })
            .collect();
        prop_assert!(times.is_sorted());
    }

    #[test]
    fn whatever_is_repeated_records_nothing_the_second_time(life in lives(), command in commands()) {
        let session = given(&life);
        let Ok(decided) = session.decide(command.clone()) else { return Ok(()) };
        let told = decided.iter().fold(session, Session::evolve);
        prop_assert_eq!(told.decide(command), Ok(vec![]));
    }
}

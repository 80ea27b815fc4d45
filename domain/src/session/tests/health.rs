//! A session that says that it works may not; what it does with messages is set by people.

use super::*;
use crate::session::event::{QueueModeSet, Suspected, Trusted};
use crate::session::health::ActionCause;

const CAUSE: SuspicionCause = SuspicionCause::AcknowledgementsOverdue;

fn suspected() -> Event {
    Event::Suspected(Suspected { cause: CAUSE, at: now() })
}

fn trusted(cause: TrustCause, at: DateTime<Utc>) -> Event {
    Event::Trusted(Trusted { cause, at })
}

fn working() -> Vec<Event> {
    vec![created(), completed(Action::Start), paired(SessionStatus::Working, 1)]
}

fn paired(status: SessionStatus, as_of: i64) -> Event {
    let phone = Some("+79990000001".parse().unwrap());
    Event::StatusChanged(StatusChanged { status, engine: None, phone, at: seconds(as_of) })
}

fn heal(at: i64) -> Command {
    Command::Heal { now: seconds(at) }
}

fn restart_of(cause: ActionCause, at: i64) -> Event {
    let (action, cause) = (Action::Restart, Some(cause));
    Event::ActionRequested(ActionRequested { action, cause, at: seconds(at) })
}

#[test]
fn only_a_session_that_says_it_works_becomes_suspect_and_only_once() {
    let mut history = working();
    assert_eq!(given(&history).decide(suspect()), Ok(vec![suspected()]));
    history.push(suspected());
    assert_eq!(given(&history).decide(suspect()), Ok(vec![]));
    history.push(changed(SessionStatus::Stopped, seconds(2)));
    assert_eq!(given(&history).decide(suspect()), Ok(vec![]));
    assert_eq!(given(&[created()]).decide(suspect()), Ok(vec![]));
    let being_removed = [working(), vec![requested(Action::Delete)]].concat();
    assert_eq!(given(&being_removed).decide(suspect()), Ok(vec![]));
}

#[test]
fn an_acknowledgement_or_a_new_connection_clears_it() {
    let mut history = [working(), vec![suspected()]].concat();
    let trust = Command::Trust { now: now() };
    let acknowledged = trusted(TrustCause::Acknowledged, now());
    assert_eq!(given(&history).decide(trust.clone()), Ok(vec![acknowledged.clone()]));

    let restarting = paired(SessionStatus::Starting, 2);
    let told = given(&history).decide(report(SessionStatus::Starting, seconds(2)));
    assert_eq!(told, Ok(vec![restarting.clone()]), "it is not back yet");
    history.push(restarting);
    let told = given(&history).decide(report(SessionStatus::Working, seconds(3)));
    let back = [paired(SessionStatus::Working, 3), trusted(TrustCause::Reconnected, seconds(3))];
    assert_eq!(told, Ok(back.to_vec()));
    history.extend(back);
    assert_eq!(given(&history).decide(trust), Ok(vec![]));
}

#[test]
fn a_suspect_or_failed_session_is_restarted_with_its_cause_and_not_again_for_an_hour() {
    for (trouble, cause) in [
        (suspected(), ActionCause::Suspected),
        (paired(SessionStatus::Failed, 2), ActionCause::Failed),
    ] {
        let mut history = [working(), vec![trouble]].concat();
        let restart = restart_of(cause, 60);
        assert_eq!(given(&history).decide(heal(60)), Ok(vec![restart.clone()]));
        history.push(restart);
        assert_eq!(given(&history).decide(heal(61)), Ok(vec![]), "it is being done");
        history.push(completed(Action::Restart));
        assert_eq!(given(&history).decide(heal(3_659)), Ok(vec![]));
        assert_eq!(given(&history).decide(heal(3_660)), Ok(vec![restart_of(cause, 3_660)]));
    }
}

#[test]
fn what_waits_for_a_person_is_not_restarted() {
    let never_paired = [created(), completed(Action::Start), changed(SessionStatus::Failed, now())];
    assert_eq!(given(&never_paired).decide(heal(90)), Ok(vec![]));
    let stopped = [working(), vec![suspected(), paired(SessionStatus::Stopped, 2)]].concat();
    assert_eq!(given(&stopped).decide(heal(90)), Ok(vec![]));
    assert_eq!(given(&working()).decide(heal(90)), Ok(vec![]));
}

#[test]
fn a_session_that_waha_has_lost_is_started_anew() {
    let cause = SuspicionCause::MissingInWaha;
    let missing = Event::Suspected(Suspected { cause, at: now() });
    let healed = given(&[working(), vec![missing]].concat()).decide(heal(90));
    let (action, cause) = (Action::Start, Some(ActionCause::Suspected));
    let start = Event::ActionRequested(ActionRequested { action, cause, at: seconds(90) });
    assert_eq!(healed, Ok(vec![start]));
}

#[test]
fn a_queue_mode_is_set_once_and_not_on_what_is_gone() {
    let set = |mode| Command::SetQueueMode { mode, now: now() };
    let held = Event::QueueModeSet(QueueModeSet { mode: QueueMode::Hold, at: now() });
    assert_eq!(given(&[created()]).decide(set(QueueMode::Run)), Ok(vec![]), "as it was");
    assert_eq!(given(&[created()]).decide(set(QueueMode::Hold)), Ok(vec![held.clone()]));
    assert_eq!(given(&[created(), held]).decide(set(QueueMode::Hold)), Ok(vec![]));
    let gone = given(&[created(), deleted()]).decide(set(QueueMode::Hold));
    assert_eq!(gone, Err(Rejection::Deleted));
}

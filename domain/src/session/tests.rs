//! Given a history, when a command is asked, then these events follow.

mod gaps;
mod health;
mod laws;
mod moving;
mod reports;

use chrono::TimeDelta;

use super::event::{
    ActionCompleted, ActionFailed, ActionRequested, Created, Deleted, StatusChanged,
};
use super::*;

const REASON: &str = "as WAHA put it";
const ACTIONS: [Action; 5] =
    [Action::Start, Action::Stop, Action::Restart, Action::Logout, Action::Delete];

fn given(history: &[Event]) -> Session {
    Session::replay(history)
}

fn seconds(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn now() -> DateTime<Utc> {
    seconds(60)
}

fn name() -> SessionName {
    "main".to_owned().try_into().unwrap()
}

fn created() -> Event {
    Event::Created(Created { name: name(), waha_session: "main_1".to_owned(), at: now() })
}

fn requested(action: Action) -> Event {
    Event::ActionRequested(ActionRequested { action, cause: None, at: now() })
}

fn completed(action: Action) -> Event {
    Event::ActionCompleted(ActionCompleted { action, at: now() })
}

fn failed(action: Action) -> Event {
    Event::ActionFailed(ActionFailed { action, reason: REASON.to_owned(), at: now() })
}

fn deleted() -> Event {
    Event::Deleted(Deleted { at: now() })
}

fn changed(status: SessionStatus, as_of: DateTime<Utc>) -> Event {
    Event::StatusChanged(StatusChanged { status, engine: None, phone: None, at: as_of })
}

fn create() -> Command {
    let server = ServerName::default();
    Command::Create { name: name(), waha_session: "main_1".to_owned(), server, now: now() }
}

fn request(action: Action) -> Command {
    Command::Request { action, now: now() }
}

fn complete(action: Action) -> Command {
    Command::CompleteAction { action, server: ServerName::default(), now: now() }
}

fn fail(action: Action) -> Command {
    let (server, reason) = (ServerName::default(), REASON.to_owned());
    Command::FailAction { action, server, reason, now: now() }
}

fn report(status: SessionStatus, as_of: DateTime<Utc>) -> Command {
    Command::Report(Report { status, engine: None, phone: None, as_of })
}

fn suspect() -> Command {
    Command::Suspect { cause: SuspicionCause::AcknowledgementsOverdue, now: now() }
}

#[test]
fn a_new_session_is_to_be_started() {
    assert_eq!(given(&[]).decide(create()), Ok(vec![created()]));
    let Session::Open(open) = given(&[created()]) else { panic!("not open") };
    assert_eq!(open.pending, Some(Action::Start));
}

#[test]
fn an_id_is_taken_once_even_by_a_deleted_session() {
    assert_eq!(given(&[created()]).decide(create()), Err(Rejection::AlreadyExists));
    assert_eq!(given(&[created(), deleted()]).decide(create()), Err(Rejection::AlreadyExists));
}

#[test]
fn nothing_is_asked_of_a_session_that_is_not_there() {
    let working = report(SessionStatus::Working, now());
    for command in [request(Action::Start), complete(Action::Start), fail(Action::Stop), working] {
        assert_eq!(given(&[]).decide(command), Err(Rejection::Unknown));
    }
}

#[test]
fn what_is_pending_already_is_not_requested_again() {
    assert_eq!(given(&[created()]).decide(request(Action::Start)), Ok(vec![]));
    let history = [created(), completed(Action::Start)];
    let again = given(&history).decide(request(Action::Start));
    assert_eq!(again, Ok(vec![requested(Action::Start)]));
}

#[test]
fn a_newer_action_replaces_the_pending_one() {
    let to_be_stopped = given(&[created(), requested(Action::Stop)]);
    assert_eq!(to_be_stopped.decide(complete(Action::Start)), Ok(vec![]));
    assert_eq!(to_be_stopped.decide(fail(Action::Start)), Ok(vec![]));
    let stopped = to_be_stopped.decide(complete(Action::Stop));
    assert_eq!(stopped, Ok(vec![completed(Action::Stop)]));
}

#[test]
fn an_action_is_completed_or_failed_once() {
    assert_eq!(given(&[created()]).decide(fail(Action::Start)), Ok(vec![failed(Action::Start)]));
    for end in [completed(Action::Start), failed(Action::Start)] {
        let settled = given(&[created(), end]);
        assert_eq!(settled.decide(complete(Action::Start)), Ok(vec![]));
        assert_eq!(settled.decide(fail(Action::Start)), Ok(vec![]));
    }
}

#[test]
fn a_deletion_is_replaced_by_nothing() {
    let to_be_deleted = given(&[created(), requested(Action::Delete)]);
    assert_eq!(to_be_deleted.decide(request(Action::Delete)), Ok(vec![]));
    for action in [Action::Start, Action::Stop, Action::Restart, Action::Logout] {
        assert_eq!(to_be_deleted.decide(request(action)), Err(Rejection::Deleted));
    }
    assert_eq!(to_be_deleted.decide(complete(Action::Delete)), Ok(vec![deleted()]));
}

#[test]
fn a_session_that_waha_would_not_delete_can_be_used_again() {
    let kept = given(&[created(), requested(Action::Delete), failed(Action::Delete)]);
    assert_eq!(kept.decide(request(Action::Start)), Ok(vec![requested(Action::Start)]));
}

#[test]
fn a_deleted_session_stays_deleted() {
    let gone = given(&[created(), requested(Action::Delete), deleted()]);
    assert_eq!(gone.decide(request(Action::Delete)), Ok(vec![]));
    assert_eq!(gone.decide(request(Action::Start)), Err(Rejection::Deleted));
    for action in ACTIONS {
        assert_eq!(gone.decide(complete(action)), Ok(vec![]));
        assert_eq!(gone.decide(fail(action)), Ok(vec![]));
    }
    assert_eq!(gone.decide(report(SessionStatus::Working, now())), Ok(vec![]));
}

#[test]
fn a_session_name_begins_with_a_letter_or_digit_and_is_short() {
    for text in ["a", "1", "Sales 2.0_b-c", &"x".repeat(64)] {
        assert!(SessionName::try_from(text.to_owned()).is_ok(), "{text}");
    }
    for text in ["", " a", "-a", "a/b", "é", "a\n", &"x".repeat(65)] {
        assert_eq!(SessionName::try_from(text.to_owned()), Err(InvalidSessionName), "{text}");
    }
}

#[test]
fn stored_words_read_back() {
    for action in ACTIONS {
        assert_eq!(Action::parse(action.as_str()), Some(action));
    }
    assert_eq!(Action::parse("explode"), None);
}

#[test]
fn a_session_that_may_not_reach_out_is_locked_once_at_a_time() {
    let lock = |at| Command::LockReachOut {
        until: seconds(at + 100),
        detail: "error 463".to_owned(),
        now: seconds(at),
    };
    let locked = |at| {
        let (until, detail, at) = (seconds(at + 100), "error 463".to_owned(), seconds(at));
        Event::ReachOutLocked(event::ReachOutLocked { until, detail, at })
    };
    assert_eq!(given(&[created()]).decide(lock(0)), Ok(vec![locked(0)]));
    let while_locked = given(&[created(), locked(0)]);
    assert_eq!(while_locked.decide(lock(99)), Ok(vec![]));
    assert_eq!(while_locked.decide(lock(100)), Ok(vec![locked(100)]));
}

//! Which WAHA server a session is on.

use super::*;
use crate::session::event::Placed;

fn server(name: &str) -> ServerName {
    name.to_owned().try_into().unwrap()
}

fn origin(name: &str) -> Origin {
    Origin { server: server(name), keep_pairing: false }
}

fn moved(from: &str, to: &str) -> Event {
    Event::Placed(Placed { server: server(to), from: Some(origin(from)), at: now() })
}

fn move_to(name: &str) -> Command {
    Command::Move { server: server(name), keep_pairing: false, now: now() }
}

fn complete_on(name: &str, action: Action) -> Command {
    Command::CompleteAction { action, server: server(name), now: now() }
}

fn open(history: &[Event]) -> Open {
    let Session::Open(open) = given(history) else { panic!("not open") };
    *open
}

#[test]
fn a_session_is_on_the_server_of_the_settings_unless_it_is_said_otherwise() {
    assert_eq!(open(&[created()]).server, ServerName::default());
    let Command::Create { name, waha_session, now, .. } = create() else { unreachable!() };
    let create = Command::Create { name, waha_session, server: server("eu-1"), now };
    let placed = Event::Placed(Placed { server: server("eu-1"), from: None, at: now });
    assert_eq!(given(&[]).decide(create), Ok(vec![created(), placed.clone()]));
    let open = open(&[created(), placed]);
    assert_eq!(
        (open.server, open.left, open.pending),
        (server("eu-1"), vec![], Some(Action::Start))
    );
}

#[test]
fn a_moved_session_is_started_where_it_is_now_and_does_not_work_until_it_is_told_to() {
    let history =
        [created(), completed(Action::Start), changed(SessionStatus::Working, seconds(50))];
    assert_eq!(given(&history).decide(move_to("eu-1")), Ok(vec![moved("default", "eu-1")]));
    let history = [&history[..], &[moved("default", "eu-1")]].concat();
    let session = open(&history);
    assert_eq!((session.pending, session.status), (Some(Action::Start), SessionStatus::Starting));
    assert_eq!(session.left, [origin("default")]);
    let late = report(SessionStatus::Working, seconds(59));
    assert_eq!(given(&history).decide(late), Ok(vec![]), "it was told of the old server");
    assert_eq!(given(&history).decide(move_to("eu-1")), Ok(vec![]));
}

#[test]
fn what_was_done_where_it_no_longer_is_was_done_in_vain() {
    let history = [created(), moved("default", "eu-1")];
    assert_eq!(given(&history).decide(complete_on("default", Action::Start)), Ok(vec![]));
    let done = given(&history).decide(complete_on("eu-1", Action::Start));
    assert_eq!(done, Ok(vec![completed(Action::Start)]));
    assert_eq!(open(&[&history[..], &done.unwrap()].concat()).left, []);
}

#[test]
fn every_server_it_was_on_is_remembered_until_it_is_taken_off_them() {
    let history = [created(), moved("default", "a"), moved("a", "b")];
    assert_eq!(open(&history).left, [origin("default"), origin("a")]);
    let back = [&history[..], &[moved("b", "a")]].concat();
    assert_eq!(open(&back).left, [origin("default"), origin("b")]);
    let failed = [&history[..], &[failed(Action::Start)]].concat();
    assert_eq!(open(&failed).left.len(), 2, "the next action takes it off them");
}

#[test]
fn a_session_that_is_to_be_deleted_or_is_not_there_is_not_moved() {
    assert_eq!(given(&[]).decide(move_to("b")), Err(Rejection::Unknown));
    let doomed = [created(), requested(Action::Delete)];
    assert_eq!(given(&doomed).decide(move_to("b")), Err(Rejection::Deleted));
    let gone = [created(), requested(Action::Delete), deleted()];
    assert_eq!(given(&gone).decide(move_to("b")), Err(Rejection::Deleted));
}

//! Given a history, when a command is asked, then these events follow.

use super::*;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
const MOMENT: Moment = Moment { at: NOW };

fn url(text: &str) -> ServerUrl {
    text.to_owned().try_into().unwrap()
}

fn registered(name: &str) -> Event {
    let name: ServerName = name.to_owned().try_into().unwrap();
    let url = (!name.is_default()).then(|| url("http://waha-2:3000"));
    Event::Registered(Registered { name, url, capacity: Capacity(Some(5)), at: NOW })
}

fn set(state: ServerState) -> Command {
    Command::SetState { state, now: NOW }
}

fn change(url: Option<ServerUrl>, capacity: Option<Capacity>) -> Command {
    Command::Change { url, capacity, now: NOW }
}

fn after(history: &[Event], command: Command) -> Result<Vec<Event>, Rejection> {
    WahaServer::replay(history).decide(command)
}

#[test]
fn a_name_is_registered_once_and_again_after_its_removal() {
    let Event::Registered(event) = registered("eu-1") else { unreachable!() };
    let Registered { name, url, capacity, at: now } = event;
    let register = Command::Register { name, url, capacity, now };
    assert_eq!(after(&[], register.clone()), Ok(vec![registered("eu-1")]));
    let there = [registered("eu-1")];
    assert_eq!(after(&there, register.clone()), Err(Rejection::AlreadyRegistered));
    let gone = [registered("eu-1"), Event::Removed(MOMENT)];
    assert_eq!(after(&gone, register), Ok(vec![registered("eu-1")]));
}

#[test]
fn what_is_not_registered_cannot_be_changed() {
    for command in [set(ServerState::Down), change(None, None), Command::Remove { now: NOW }] {
        assert_eq!(after(&[], command), Err(Rejection::Unknown));
    }
}

#[test]
fn every_state_leads_to_every_other_and_a_repeat_to_nothing() {
    let states = [ServerState::Active, ServerState::Draining, ServerState::Down];
    for from in states {
        let history = [registered("eu-1"), became(from, NOW)];
        for to in states {
            let expected = if from == to { vec![] } else { vec![became(to, NOW)] };
            assert_eq!(after(&history, set(to)), Ok(expected), "{from:?} to {to:?}");
        }
        assert_eq!(ServerState::parse(from.as_str()), Some(from));
    }
}

#[test]
fn a_change_says_how_all_is_now_and_a_repeat_nothing() {
    let there = [registered("eu-1")];
    assert_eq!(after(&there, change(None, Some(Capacity(Some(5))))), Ok(vec![]));
    let moved = Changed { url: Some(url("http://b")), capacity: Capacity(Some(5)), at: NOW };
    let command = change(Some(url("http://b")), None);
    assert_eq!(after(&there, command), Ok(vec![Event::Changed(moved)]));
    let unlimited = change(None, Some(Capacity(None)));
    let Ok([Event::Changed(changed)]) = after(&there, unlimited).as_deref().map(|e| [e[0].clone()])
    else {
        panic!("not changed")
    };
    assert_eq!((changed.url, changed.capacity), (Some(url("http://waha-2:3000")), Capacity(None)));
}

#[test]
fn the_server_of_the_settings_is_neither_moved_nor_removed() {
    let there = [registered("default")];
    let to = change(Some(url("http://b")), None);
    assert_eq!(after(&there, to), Err(Rejection::NamedBySettings));
    assert_eq!(after(&there, Command::Remove { now: NOW }), Err(Rejection::NamedBySettings));
    assert_eq!(after(&there, set(ServerState::Down)), Ok(vec![Event::MarkedDown(MOMENT)]));
    assert!(after(&there, change(None, Some(Capacity(None)))).is_ok());
}

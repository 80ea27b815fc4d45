//! What WAHA says of a session: in any order, again and again.

use super::*;

#[test]
fn the_first_report_is_recorded_whatever_it_says() {
    let first = given(&[created()]).decide(report(SessionStatus::Starting, seconds(5)));
    assert_eq!(first, Ok(vec![changed(SessionStatus::Starting, seconds(5))]));
}

#[test]
fn a_report_that_says_nothing_new_records_nothing() {
    let working = given(&[created(), changed(SessionStatus::Working, seconds(10))]);
    for as_of in [10, 11, 1_000] {
        let same = working.decide(report(SessionStatus::Working, seconds(as_of)));
        assert_eq!(same, Ok(vec![]));
    }
}

#[test]
fn an_older_report_is_ignored() {
    let working = given(&[created(), changed(SessionStatus::Working, seconds(10))]);
    assert_eq!(working.decide(report(SessionStatus::Failed, seconds(9))), Ok(vec![]));
    let newer = working.decide(report(SessionStatus::Failed, seconds(10)));
    assert_eq!(newer, Ok(vec![changed(SessionStatus::Failed, seconds(10))]));
}

#[test]
fn a_report_that_names_neither_engine_nor_number_takes_neither_away() {
    let phone: PhoneNumber = "+79990000001".parse().unwrap();
    let paired = Event::StatusChanged(StatusChanged {
        status: SessionStatus::Working,
        engine: Some(Engine::Noweb),
        phone: Some(phone.clone()),
        at: seconds(10),
    });
    let stopped = given(&[created(), paired]).decide(report(SessionStatus::Stopped, seconds(11)));
    let still_paired = Event::StatusChanged(StatusChanged {
        status: SessionStatus::Stopped,
        engine: Some(Engine::Noweb),
        phone: Some(phone),
        at: seconds(11),
    });
    assert_eq!(stopped, Ok(vec![still_paired]));
}

#[test]
fn an_engine_learnt_later_is_news() {
    let working = given(&[created(), changed(SessionStatus::Working, seconds(10))]);
    let told = Report {
        status: SessionStatus::Working,
        engine: Some(Engine::Gows),
        phone: None,
        as_of: seconds(11),
    };
    assert_eq!(working.decide(Command::Report(told)).map(|events| events.len()), Ok(1));
}

#[test]
fn a_report_settles_no_action() {
    let Session::Open(open) = given(&[created(), changed(SessionStatus::Working, seconds(10))])
    else {
        panic!("not open")
    };
    assert_eq!(open.pending, Some(Action::Start));
}

#[test]
fn a_status_this_version_does_not_know_is_kept_as_told() {
    let word = "SOMETHING_NEW".to_owned();
    let told = given(&[created()]).decide(report(SessionStatus::from(word.clone()), seconds(1)));
    assert_eq!(told, Ok(vec![changed(SessionStatus::Other(word), seconds(1))]));
}

use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::id::{EventId, TenantId};
use crate::message::content::{ContentKind, CustomerMetadata};
use crate::message::doubt::OrderedBy;
use crate::message::event::{
    AbsenceProven, AttemptRefused, AttemptStarted, DeadLetterReason, DeadLettered, Evidence,
    FindingKind, LeftUnknown, LookedUp, Moment, OutcomeUnknown, Queued, Redriven, ResendOrdered,
    Sent,
};
use crate::message::refusal::{Refusal, RefusalKind};
use crate::ports::event_log::{Actor, Metadata, StoredForm};
use crate::session::event::{
    ActionRequested, Created, Deleted, Origin, Placed, QueueModeSet, StatusChanged, Suspected,
    Trusted,
};
use crate::session::health::TrustCause;
use crate::stream::{Category, Position, StreamName, Version};
use crate::whatsapp::WahaMessageId;

const MESSAGE_ID: MessageId = MessageId(Uuid::from_u128(7));
const SESSION_ID: SessionId = SessionId(Uuid::from_u128(8));

fn seconds(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

/// What the queue does when this happened to the message, or to the session.
fn after(event: impl Into<Event>) -> Option<Change> {
    let event = event.into();
    let (category, id) = match event {
        Event::Session(_) => (Category::Session, SESSION_ID.0),
        _ => (Category::Message, MESSAGE_ID.0),
    };
    react(&RecordedEvent {
        position: Position::START,
        stream: StreamName { category, tenant: TenantId::PLATFORM, id },
        version: Version(1),
        id: EventId(Uuid::nil()),
        event,
        stored: StoredForm { event_type: "", schema_version: 1, data: String::new() },
        metadata: Metadata::new(Actor::Operator, Uuid::nil()),
        recorded_at: seconds(0),
    })
}

fn queued() -> Queued {
    Queued {
        session_id: SESSION_ID,
        to: "+6281234567890".parse().unwrap(),
        body: "Hello".to_owned().try_into().unwrap(),
        priority: Priority::High,
        metadata: CustomerMetadata::default(),
        client_reference: None,
        send_at: None,
        expires_at: Some(seconds(99)),
        at: seconds(10),
    }
}

fn job() -> Job {
    Job {
        message_id: MESSAGE_ID,
        session_id: SESSION_ID,
        chat_id: ChatId("6281234567890@c.us".to_owned()),
        priority: Priority::High,
        ready_at: seconds(10),
        expires_at: Some(seconds(99)),
    }
}

fn refused(retry_at: Option<DateTime<Utc>>) -> MessageEvent {
    let refusal = Refusal { kind: RefusalKind::Unreachable, detail: String::new() };
    MessageEvent::AttemptRefused(AttemptRefused { attempt: 1, refusal, retry_at, at: seconds(20) })
}

#[test]
fn a_queued_message_is_a_job() {
    assert_eq!(after(MessageEvent::Queued(queued())), Some(Change::Enqueue(Box::new(job()))));
}

#[test]
fn a_message_for_later_is_ready_then_and_one_for_earlier_is_ready_now() {
    for (send_at, ready_at) in [(50, 50), (5, 10)] {
        let timed = Queued { send_at: Some(seconds(send_at)), ..queued() };
        let ready = Job { ready_at: seconds(ready_at), ..job() };
        assert_eq!(after(MessageEvent::Queued(timed)), Some(Change::Enqueue(Box::new(ready))));
    }
}

#[test]
fn a_redriven_message_is_a_job_again_made_of_that_event_alone() {
    let Queued { session_id, to, priority, .. } = queued();
    let at = seconds(70);
    let redriven = MessageEvent::Redriven(Redriven { session_id, to, priority, at });
    let again = Job { ready_at: at, expires_at: None, ..job() };
    assert_eq!(after(redriven), Some(Change::Enqueue(Box::new(again))));
}

#[test]
fn a_refused_attempt_waits_unless_it_was_the_last() {
    let retry = Change::Retry { message_id: MESSAGE_ID, due_at: seconds(30) };
    assert_eq!(after(refused(Some(seconds(30)))), Some(retry));
    assert_eq!(after(refused(None)), None);
}

#[test]
fn a_message_in_doubt_is_kept_and_not_sent() {
    let (attempt, detail, at) = (1, String::new(), seconds(20));
    let unknown = MessageEvent::OutcomeUnknown(OutcomeUnknown { attempt, detail, at });
    let look = Look::First(at);
    assert_eq!(after(unknown), Some(Change::Park { message_id: MESSAGE_ID, look }));
}

#[test]
fn a_doubt_is_looked_into_until_it_is_settled_or_left() {
    let (attempt, message_id, at) = (1, MESSAGE_ID, seconds(20));
    let looked = |next_look_at| {
        let (finding, reason) = (FindingKind::Absent, None);
        let looked = LookedUp { attempt, look: 1, finding, absences: 0, reason, next_look_at, at };
        after(MessageEvent::LookedUp(looked))
    };
    let park = |look| Some(Change::Park { message_id, look });
    assert_eq!(looked(Some(seconds(30))), park(Look::Again(seconds(30))));
    assert_eq!(looked(None), park(Look::Never));
    let left = LeftUnknown { attempt, reason: String::new(), at };
    assert_eq!(after(MessageEvent::LeftUnknown(left)), park(Look::Never));

    let retry = Some(Change::Retry { message_id, due_at: at });
    assert_eq!(after(MessageEvent::AbsenceProven(AbsenceProven { attempt, at })), retry);
    let ordered = ResendOrdered { attempt, by: OrderedBy::Person, reason: None, at };
    assert_eq!(after(MessageEvent::ResendOrdered(ordered)), retry);
}

#[test]
fn who_writes_is_met_under_the_chat_their_messages_go_to() {
    let received = |chat: &str, from: Option<&str>| {
        let received = Received {
            session_id: SESSION_ID,
            chat_id: ChatId(chat.to_owned()),
            from: from.map(|number| number.parse().unwrap()),
            from_lid: None,
            body: String::new(),
            kind: ContentKind::Text,
            waha_message_id: WahaMessageId("A".to_owned()),
            at: seconds(1),
        };
        match after(MessageEvent::Received(Box::new(received))) {
            Some(Change::Meet { session_id: SESSION_ID, chat_id }) => chat_id.0,
            other => panic!("{other:?}"),
        }
    };
    let number = Some("+6281234567890");
    assert_eq!(received("6281234567890@c.us", number), "6281234567890@c.us");
    assert_eq!(received("222222222222222@lid", number), "6281234567890@c.us");
    assert_eq!(received("222222222222222@lid", None), "222222222222222@lid");
    assert_eq!(received("120363@g.us", number), "120363@g.us");
}

#[test]
fn every_end_takes_the_message_off_the_queue() {
    let at = seconds(20);
    let sent = Sent {
        attempt: 1,
        session_id: SESSION_ID,
        waha_message_id: None,
        evidence: Evidence::Answer,
        at,
    };
    let dead = DeadLettered { attempt: None, reason: DeadLetterReason::Refused, detail: None, at };
    for (end, sent_at) in [
        (MessageEvent::Sent(sent), Some(at)),
        (MessageEvent::DeadLettered(dead), None),
        (MessageEvent::Discarded(Moment { at }), None),
        (MessageEvent::Expired(Moment { at }), None),
    ] {
        assert_eq!(after(end), Some(Change::Finish { message_id: MESSAGE_ID, sent_at }));
    }
}

#[test]
fn attempts_and_receipts_leave_the_queue_as_it_is() {
    let at = seconds(20);
    let (attempt, session_id, waha_message_id) = (1, SESSION_ID, None);
    let started = AttemptStarted { attempt, session_id, waha_message_id, at };
    assert_eq!(after(MessageEvent::AttemptStarted(started)), None);
    assert_eq!(after(MessageEvent::Delivered(Moment { at })), None);
    assert_eq!(after(MessageEvent::Read(Moment { at })), None);
    assert_eq!(after(MessageEvent::Played(Moment { at })), None);
}

#[test]
fn the_queue_knows_how_each_session_stands() {
    let at = seconds(20);
    let becomes = |change| Some(Change::Session { session_id: SESSION_ID, change });
    let (name, waha_session) = ("main".to_owned().try_into().unwrap(), "main_1".to_owned());
    let created = Created { name, waha_session: waha_session.clone(), at };
    let opened = becomes(SessionChange::Open { waha_session });
    assert_eq!(after(SessionEvent::Created(created)), opened);

    let (status, engine) = (SessionStatus::Working, Some(Engine::Gows));
    let changed = StatusChanged { status: status.clone(), engine, phone: None, at };
    let reported = becomes(SessionChange::Report { status, engine });
    assert_eq!(after(SessionEvent::StatusChanged(changed)), reported);

    let held = QueueModeSet { mode: QueueMode::Hold, at };
    let set = becomes(SessionChange::SetQueueMode(QueueMode::Hold));
    assert_eq!(after(SessionEvent::QueueModeSet(held)), set);

    let cause = SuspicionCause::AcknowledgementsOverdue;
    let suspected = SessionEvent::Suspected(Suspected { cause, at });
    assert_eq!(after(suspected), becomes(SessionChange::Suspect(Some(cause))));
    let trusted = SessionEvent::Trusted(Trusted { cause: TrustCause::Acknowledged, at });
    assert_eq!(after(trusted), becomes(SessionChange::Suspect(None)));

    let deleted = SessionEvent::Deleted(Deleted { at });
    assert_eq!(after(deleted), becomes(SessionChange::Close));

    let stop = ActionRequested { action: crate::session::Action::Stop, cause: None, at };
    assert_eq!(after(SessionEvent::ActionRequested(stop)), None);
}

#[test]
fn a_session_that_is_moved_is_known_to_be_elsewhere() {
    let server: ServerName = "eu-1".to_owned().try_into().unwrap();
    let placed = |from| {
        let placed = Placed { server: server.clone(), from, at: seconds(5) };
        after(SessionEvent::Placed(placed))
    };
    let place = |moved_at| {
        let change = SessionChange::Place { server: server.clone(), moved_at };
        Some(Change::Session { session_id: SESSION_ID, change })
    };
    assert_eq!(placed(None), place(None));
    let from = Origin { server: ServerName::default(), keep_pairing: true };
    assert_eq!(placed(Some(from)), place(Some(seconds(5))));
}

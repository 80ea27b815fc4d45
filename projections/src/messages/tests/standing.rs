//! What a message's events make of its row.

use domain::id::MessageId;
use domain::message::content::ContentKind;
use domain::message::event::{
    AbsenceProven, AckOverdue, AttemptRefused, AttemptStarted, DeadLetterReason, DeadLettered,
    Event, Evidence, LeftUnknown, OutcomeUnknown, Received, Redriven, Sent,
};
use domain::message::refusal::{Refusal, RefusalKind};
use domain::priority::Priority;
use domain::whatsapp::{ChatId, WahaMessageId};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::messages::MessageRow;
use crate::messages::status::{Direction, MessageStatus};
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, SESSION, STRANGER, TENANT, at, message, moment, queued, settle};

/// The row after these events, folded in one batch and, the same it must be, one by one.
async fn row(pool: &PgPool, events: &[Event]) -> MessageRow {
    let (log, stream) = (MemoryLog::new(), message(TENANT, 1));
    let slow = message(STRANGER, 1);
    for event in events {
        log.record(stream, event.clone());
    }
    settle(&log, pool).await;
    for event in events {
        log.record(slow, event.clone());
        settle(&log, pool).await;
    }
    let models = ReadModels::new(pool.clone());
    let row = models.find_message(TENANT, MessageId(stream.id)).await.unwrap().unwrap();
    let same = models.find_message(STRANGER, MessageId(slow.id)).await.unwrap().unwrap();
    assert_eq!(row, same);
    row
}

fn started(attempt: u32, seconds: i64) -> Event {
    let waha_message_id = Some(WahaMessageId(format!("3EB0{attempt}")));
    Event::AttemptStarted(AttemptStarted {
        attempt,
        session_id: SESSION,
        waha_message_id,
        at: at(seconds),
    })
}

fn refused(attempt: u32, retry_at: Option<i64>, seconds: i64) -> Event {
    let refusal = Refusal { kind: RefusalKind::Unreachable, detail: "connection refused".into() };
    let retry_at = retry_at.map(at);
    Event::AttemptRefused(AttemptRefused { attempt, refusal, retry_at, at: at(seconds) })
}

fn sent(seconds: i64) -> Event {
    let evidence = Evidence::Answer;
    let (session_id, at) = (SESSION, at(seconds));
    Event::Sent(Sent { attempt: 1, session_id, waha_message_id: None, evidence, at })
}

fn dead(reason: DeadLetterReason, seconds: i64) -> Event {
    Event::DeadLettered(DeadLettered { attempt: Some(1), reason, detail: None, at: at(seconds) })
}

#[sqlx::test(migrations = "../migrations")]
async fn a_queued_message_is_shown_in_the_contract_s_words(pool: PgPool) {
    let Value::Object(metadata) = json!({ "order": 7 }) else { panic!("an object") };
    let event = domain::message::event::Queued {
        metadata: metadata.try_into().unwrap(),
        client_reference: Some("order-7".to_owned().try_into().unwrap()),
        priority: Priority::High,
        ..queued(0)
    };
    let shown = serde_json::to_value(row(&pool, &[Event::Queued(event)]).await).unwrap();
    assert_eq!(
        shown,
        json!({
            "id": "00000000-0000-0000-0000-000000000001",
            "sessionId": "00000000-0000-0000-0000-000000000005",
            "direction": "outbound", "to": "+6281234567890", "from": null,
            "body": "Your order is on its way", "type": "text", "status": "queued",
            "priority": "high", "attempts": 0, "wahaMessageId": null,
            "clientReference": "order-7", "metadata": { "order": 7 },
            "sendAt": null, "expiresAt": null, "createdAt": "2026-11-20T10:00:00Z",
            "sentAt": null, "ackOverdueAt": null, "deliveredAt": null, "readAt": null, "playedAt": null,
            "failedAt": null, "lastError": null,
        })
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_message_for_later_is_scheduled_until_it_is_attempted(pool: PgPool) {
    let later = domain::message::event::Queued { send_at: Some(at(60)), ..queued(0) };
    let row = row(&pool, &[Event::Queued(later)]).await;
    assert_eq!((row.status, row.send_at), (MessageStatus::Scheduled, Some(at(60))));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refused_attempt_is_retried_with_its_error_shown(pool: PgPool) {
    let events = [Event::Queued(queued(0)), started(1, 1), refused(1, Some(9), 2)];
    let row = row(&pool, &events).await;
    assert_eq!((row.status, row.attempts), (MessageStatus::Retrying, 1));
    assert_eq!(row.last_error.as_deref(), Some("connection refused"));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_unknown_outcome_is_shown_as_such(pool: PgPool) {
    let unknown = OutcomeUnknown { attempt: 1, detail: "timed out\0".into(), at: at(2) };
    let events = [Event::Queued(queued(0)), started(1, 1), Event::OutcomeUnknown(unknown)];
    let row = row(&pool, &events).await;
    assert_eq!((row.status, row.attempts), (MessageStatus::Unknown, 1));
    assert_eq!(row.last_error.as_deref(), Some("timed out\u{fffd}"));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_doubt_that_is_left_shows_its_reason(pool: PgPool) {
    let unknown = OutcomeUnknown { attempt: 1, detail: "timed out".into(), at: at(2) };
    let in_doubt = [Event::Queued(queued(0)), started(1, 1), Event::OutcomeUnknown(unknown)];
    let left = LeftUnknown { attempt: 1, reason: "WAHA keeps no messages".into(), at: at(3) };
    let left = row(&pool, &[&in_doubt[..], &[Event::LeftUnknown(left)]].concat()).await;
    assert_eq!(left.status, MessageStatus::Unknown);
    assert_eq!(left.last_error.as_deref(), Some("WAHA keeps no messages"));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_proven_absent_is_retried(pool: PgPool) {
    let unknown = OutcomeUnknown { attempt: 1, detail: "timed out".into(), at: at(2) };
    let absent = Event::AbsenceProven(AbsenceProven { attempt: 1, at: at(3) });
    let events = [Event::Queued(queued(0)), started(1, 1), Event::OutcomeUnknown(unknown), absent];
    let row = row(&pool, &events).await;
    assert_eq!(
        (row.status, row.last_error.as_deref()),
        (MessageStatus::Retrying, Some("timed out"))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn an_overdue_acknowledgement_is_shown(pool: PgPool) {
    let overdue = Event::AckOverdue(AckOverdue { attempt: 1, session_id: None, at: at(4) });
    let events = [Event::Queued(queued(0)), started(1, 1), sent(2), overdue];
    let shown = row(&pool, &events).await;
    assert_eq!((shown.status, shown.ack_overdue_at), (MessageStatus::Sent, Some(at(4))));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_has_arrived_is_not_overdue(pool: PgPool) {
    let overdue = Event::AckOverdue(AckOverdue { attempt: 1, session_id: None, at: at(4) });
    let arrived = Event::Delivered(moment(5));
    let events = [Event::Queued(queued(0)), started(1, 1), sent(2), overdue, arrived];
    assert_eq!(row(&pool, &events).await.ack_overdue_at, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn played_implies_read_and_read_implies_delivered(pool: PgPool) {
    let events = [Event::Queued(queued(0)), started(1, 1), sent(2), Event::Played(moment(5))];
    let row = row(&pool, &events).await;
    assert_eq!(row.status, MessageStatus::Played);
    assert_eq!((row.sent_at, row.delivered_at), (Some(at(2)), Some(at(5))));
    assert_eq!((row.read_at, row.played_at), (Some(at(5)), Some(at(5))));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_delivery_seen_before_the_reading_keeps_its_time(pool: PgPool) {
    let acks = [Event::Delivered(moment(3)), Event::Read(moment(4))];
    let events = [&[Event::Queued(queued(0)), started(1, 1), sent(2)][..], &acks].concat();
    let row = row(&pool, &events).await;
    assert_eq!(
        (row.status, row.delivered_at, row.read_at),
        (MessageStatus::Read, Some(at(3)), Some(at(4)))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_dead_letter_is_failed_and_stays_so_when_it_is_put_away(pool: PgPool) {
    let events = [
        Event::Queued(queued(0)),
        dead(DeadLetterReason::SessionDeleted, 3),
        Event::Discarded(moment(4)),
    ];
    let row = row(&pool, &events).await;
    assert_eq!((row.status, row.failed_at), (MessageStatus::Failed, Some(at(3))));
    assert_eq!(row.last_error.as_deref(), Some("its session was deleted"));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_redriven_message_is_as_if_newly_queued(pool: PgPool) {
    let redriven = Redriven {
        session_id: SESSION,
        to: "+6281234567890".parse().unwrap(),
        priority: Priority::Normal,
        at: at(9),
    };
    let events = [
        Event::Queued(queued(0)),
        started(1, 1),
        sent(2),
        dead(DeadLetterReason::RejectedByWhatsApp, 3),
        Event::Redriven(redriven),
    ];
    let row = row(&pool, &events).await;
    assert_eq!((row.status, row.attempts), (MessageStatus::Queued, 1));
    assert_eq!((row.sent_at, row.failed_at, row.last_error), (None, None, None));
    assert_eq!(row.waha_message_id, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn proof_that_a_failed_message_was_sent_wins(pool: PgPool) {
    let events = [
        Event::Queued(queued(0)),
        started(1, 1),
        refused(1, None, 2),
        dead(DeadLetterReason::Refused, 2),
        sent(5),
    ];
    let row = row(&pool, &events).await;
    assert_eq!((row.status, row.failed_at, row.last_error), (MessageStatus::Sent, None, None));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_expired_message_tells_when(pool: PgPool) {
    let row = row(&pool, &[Event::Queued(queued(0)), Event::Expired(moment(8))]).await;
    assert_eq!((row.status, row.failed_at), (MessageStatus::Expired, Some(at(8))));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_received_message_is_delivered_and_names_its_sender_or_else_its_chat(pool: PgPool) {
    let received = Received {
        session_id: SESSION,
        chat_id: ChatId("12345@lid".into()),
        from: None,
        from_lid: None,
        body: "Where is it?\0".into(),
        kind: ContentKind::Image,
        waha_message_id: WahaMessageId("3EB0".into()),
        at: at(3),
    };
    let row = row(&pool, &[Event::Received(Box::new(received))]).await;
    assert_eq!((row.direction, row.status), (Direction::Inbound, MessageStatus::Delivered));
    assert_eq!((row.to, row.from.as_deref()), (None, Some("12345@lid")));
    assert_eq!((row.kind.as_str(), row.body.as_str()), ("image", "Where is it?\u{fffd}"));
    assert_eq!((row.created_at, row.delivered_at, row.priority), (at(3), Some(at(3)), None));
}

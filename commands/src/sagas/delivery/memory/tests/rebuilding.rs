//! The memory is a fold of the log: however the events were cut into batches, and after it was emptied.

use std::sync::Arc;

use domain::event::Event;
use domain::id::EventId;
use domain::message::content::ContentKind;
use domain::message::event::{
    AbsenceProven, AttemptRefused, AttemptStarted, DeadLetterReason, DeadLettered,
    Event as MessageEvent, Evidence, FindingKind, LookedUp, OutcomeUnknown, Queued, Received,
    Redriven, Sent,
};
use domain::message::refusal::{Refusal, RefusalKind};
use domain::ports::event_log::{Actor, Metadata, StoredForm};
use domain::session::event::{
    Created, Event as SessionEvent, QueueModeSet, ReachOutLocked, StatusChanged, Suspected,
};
use domain::session::health::SuspicionCause;
use domain::session::queue_mode::QueueMode;
use domain::session::status::SessionStatus;
use domain::stream::{Category, Position, StreamName, Version};
use domain::tenant::{Event as TenantEvent, Moment};
use domain::whatsapp::WahaMessageId;
use sqlx::PgPool;

use super::*;

const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e));

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds)
}

fn recorded(
    number: u64,
    category: Category,
    id: Uuid,
    event: impl Into<Event>,
) -> Arc<RecordedEvent> {
    Arc::new(RecordedEvent {
        position: Position { first: number, second: number },
        stream: StreamName { category, tenant: TenantId(Uuid::from_u128(1)), id },
        version: Version(1),
        id: EventId(Uuid::from_u128(number.into())),
        event: event.into(),
        stored: StoredForm { event_type: "", schema_version: 1, data: String::new() },
        metadata: Metadata::new(Actor::Operator, Uuid::nil()),
        recorded_at: at(0),
    })
}

fn queued(to: &str, seconds: i64) -> MessageEvent {
    MessageEvent::Queued(Queued {
        session_id: SESSION,
        to: to.parse().unwrap(),
        body: "hello".to_owned().try_into().unwrap(),
        priority: Priority::Normal,
        metadata: serde_json::from_str("{}").unwrap(),
        client_reference: None,
        send_at: None,
        expires_at: None,
        at: at(seconds),
    })
}

fn refused(retry_at: Option<DateTime<Utc>>) -> MessageEvent {
    let refusal = Refusal { kind: RefusalKind::Unreachable, detail: "busy".to_owned() };
    MessageEvent::AttemptRefused(AttemptRefused { attempt: 1, refusal, retry_at, at: at(50) })
}

fn unknown() -> MessageEvent {
    let detail = "no answer".to_owned();
    MessageEvent::OutcomeUnknown(OutcomeUnknown { attempt: 1, detail, at: at(51) })
}

fn suspended() -> TenantEvent {
    TenantEvent::Suspended(Moment { at: at(5) })
}

fn reactivated() -> TenantEvent {
    TenantEvent::Reactivated(Moment { at: at(5) })
}

fn received(chat: &str) -> MessageEvent {
    MessageEvent::Received(Box::new(Received {
        session_id: SESSION,
        chat_id: ChatId(chat.to_owned()),
        from: None,
        from_lid: None,
        body: "hello".to_owned(),
        kind: ContentKind::Text,
        waha_message_id: WahaMessageId("A".to_owned()),
        at: at(130),
    }))
}

fn looked_up(next_look_at: Option<DateTime<Utc>>) -> MessageEvent {
    let (finding, reason) = (FindingKind::Absent, None);
    let looked =
        LookedUp { attempt: 1, look: 1, finding, absences: 1, reason, next_look_at, at: at(100) };
    MessageEvent::LookedUp(looked)
}

fn sent() -> MessageEvent {
    MessageEvent::Sent(Sent {
        attempt: 1,
        session_id: SESSION,
        waha_message_id: None,
        evidence: Evidence::Answer,
        at: at(52),
    })
}

/// Two chats, and everything that can befall a message.
fn history() -> Vec<Arc<RecordedEvent>> {
    let (one, other) = ("+6281234567890", "+6281234567891");
    let mut events = vec![
        recorded(
            1,
            Category::Session,
            SESSION.0,
            SessionEvent::Created(Created {
                name: "main".to_owned().try_into().unwrap(),
                waha_session: "main_1".to_owned(),
                at: at(0),
            }),
        ),
        recorded(
            2,
            Category::Session,
            SESSION.0,
            SessionEvent::StatusChanged(StatusChanged {
                status: SessionStatus::Working,
                engine: None,
                phone: None,
                at: at(1),
            }),
        ),
        recorded(
            3,
            Category::Session,
            SESSION.0,
            SessionEvent::ReachOutLocked(ReachOutLocked {
                until: at(1_000),
                detail: "error 463".to_owned(),
                at: at(2),
            }),
        ),
        recorded(
            4,
            Category::Session,
            SESSION.0,
            SessionEvent::QueueModeSet(QueueModeSet { mode: QueueMode::Drain, at: at(3) }),
        ),
        recorded(
            5,
            Category::Session,
            SESSION.0,
            SessionEvent::Suspected(Suspected { cause: SuspicionCause::MissingInWaha, at: at(4) }),
        ),
        recorded(6, Category::Tenant, Uuid::from_u128(1), suspended()),
        recorded(7, Category::Tenant, Uuid::from_u128(1), reactivated()),
        recorded(8, Category::Tenant, Uuid::from_u128(1), suspended()),
    ];
    let given_up = DeadLettered {
        attempt: None,
        reason: DeadLetterReason::SessionDeleted,
        detail: None,
        at: at(60),
    };
    let redriven = Redriven {
        session_id: SESSION,
        to: one.parse().unwrap(),
        priority: Priority::High,
        at: at(70),
    };
    let started =
        AttemptStarted { attempt: 1, session_id: SESSION, waha_message_id: None, at: at(49) };
    let messages = [
        (10, queued(one, 10)),
        (11, queued(one, 11)),
        (12, queued(other, 12)),
        (10, MessageEvent::AttemptStarted(started)),
        (10, refused(Some(at(90)))),
        (13, queued(other, 13)),
        (12, unknown()),
        (11, sent()),
        (14, queued(one, 14)),
        (15, queued(one, 15)),
        (10, refused(None)),
        (10, MessageEvent::DeadLettered(given_up)),
        (10, MessageEvent::Redriven(redriven)),
        (13, unknown()),
        (13, sent()),
        (15, unknown()),
        (16, queued(other, 16)),
        (14, refused(Some(at(99)))),
        (12, looked_up(Some(at(110)))),
        (15, looked_up(None)),
        (15, MessageEvent::AbsenceProven(AbsenceProven { attempt: 1, at: at(120) })),
        (17, queued(other, 17)),
        (17, unknown()),
        (18, queued(one, 18)),
        (18, unknown()),
        (18, looked_up(None)),
        (19, received("6281234567890@c.us")),
        (20, received("6281234567890@c.us")),
    ];
    for (number, (id, event)) in (9..).zip(messages) {
        events.push(recorded(number, Category::Message, Uuid::from_u128(id), event));
    }
    events
}

/// All the saga knows, arrival told by the place among the chat's messages.
async fn known(pool: &PgPool) -> Vec<String> {
    let jobs = "select concat_ws(' ', message_id, chat_id, priority, ready_at, due_at, is_head,
                    is_parked, acquaintance * is_head::int, rank() over (partition by chat_id order by ready_at, arrival))
                from delivery_jobs order by message_id";
    let sessions =
        "select concat_ws(' ', session_id, waha_session, status, queued, reach_out_locked_until, queue_mode,
             suspicion)
         from delivery_sessions";
    let mut known: Vec<String> = sqlx::query_scalar(jobs).fetch_all(pool).await.unwrap();
    let doubts = "select concat_ws(' ', 'look for', message_id, due_at, is_first)
                  from unknown_outcomes order by message_id";
    known.extend(sqlx::query_scalar::<_, String>(sessions).fetch_all(pool).await.unwrap());
    let contacts = "select concat_ws(' ', 'known', chat_id, they_wrote, written_at) from known_contacts order by chat_id";
    known.extend(sqlx::query_scalar::<_, String>(contacts).fetch_all(pool).await.unwrap());
    known.extend(sqlx::query_scalar::<_, String>(doubts).fetch_all(pool).await.unwrap());
    let suspended = "select concat_ws(' ', 'suspended', tenant_id) from suspended_tenants";
    known.extend(sqlx::query_scalar::<_, String>(suspended).fetch_all(pool).await.unwrap());
    known
}

async fn remember(
    pool: &PgPool,
    batches: impl Iterator<Item = &[Arc<RecordedEvent>]>,
) -> Vec<String> {
    let empty = "truncate delivery_jobs, delivery_sessions, unknown_outcomes, known_contacts, suspended_tenants";
    sqlx::query(empty).execute(pool).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    for batch in batches {
        DeliveryMemory { spacing: TimeDelta::zero() }
            .remember(&mut connection, batch)
            .await
            .unwrap();
    }
    known(pool).await
}

#[sqlx::test(migrations = "../migrations")]
async fn the_queue_can_be_emptied_and_is_the_same_however_it_is_filled_again(pool: PgPool) {
    let history = history();
    let one_by_one = remember(&pool, history.chunks(1)).await;
    assert_eq!(
        one_by_one.len(),
        13,
        "seven messages wait or are set aside, two are looked for, a tenant is suspended: {one_by_one:#?}"
    );
    for size in 2..=history.len() {
        assert_eq!(remember(&pool, history.chunks(size)).await, one_by_one, "in batches of {size}");
    }
}

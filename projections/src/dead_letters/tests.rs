use domain::aggregate::Aggregate;
use domain::id::MessageId;
use domain::message::refusal::{Refusal, RefusalKind};
use domain::message::{Command, Message};
use domain::stream::StreamName;
use domain::whatsapp::{Ack, WahaMessageId};
use serde_json::json;
use sqlx::PgPool;

use crate::page::Page;
use crate::read_models::ReadModels;
use crate::testing::{
    MemoryLog, RETRY, SESSION, STRANGER, TENANT, at, message, queue, queued, settle,
};

fn start(stream: StreamName, seconds: i64) -> Command {
    let message_id = MessageId(stream.id);
    Command::StartAttempt { message_id, engine_takes_ids: false, now: at(seconds) }
}

fn refuse(attempt: u32, kind: RefusalKind, seconds: i64) -> Command {
    let refusal = Refusal { kind, detail: "what WAHA said".into() };
    Command::ReportRefusal { attempt, refusal, retry: RETRY, jitter: 0.0, now: at(seconds) }
}

/// Does what is asked of a message, and records what follows.
fn act(log: &MemoryLog, stream: StreamName, message: &mut Message, command: Command) {
    for event in message.decide(command).unwrap() {
        *message = std::mem::take(message).evolve(&event);
        log.record(stream, event);
    }
}

/// A message queued at its number's second, and refused for good three seconds later.
fn bury(log: &MemoryLog, stream: StreamName, seconds: i64) -> Message {
    let mut message = Message::default();
    act(log, stream, &mut message, Command::Queue(queued(seconds)));
    act(log, stream, &mut message, start(stream, seconds + 1));
    act(log, stream, &mut message, refuse(1, RefusalKind::Unreachable, seconds + 2));
    act(log, stream, &mut message, start(stream, seconds + 2));
    act(log, stream, &mut message, refuse(2, RefusalKind::Invalid, seconds + 3));
    message
}

#[sqlx::test(migrations = "../migrations")]
async fn a_dead_letter_tells_how_every_attempt_ended(pool: PgPool) {
    let (log, stream) = (MemoryLog::new(), message(TENANT, 1));
    bury(&log, stream, 0);
    settle(&log, &pool).await;
    let models = ReadModels::new(pool);
    let letter = models.find_dead_letter(TENANT, MessageId(stream.id)).await.unwrap().unwrap();
    assert_eq!(
        serde_json::to_value(letter).unwrap(),
        json!({
            "messageId": "00000000-0000-0000-0000-000000000001",
            "sessionId": "00000000-0000-0000-0000-000000000005",
            "to": "+6281234567890", "reason": "refused", "detail": "what WAHA said",
            "attempts": 2, "failedAt": "2026-11-20T10:00:03Z",
            "attemptList": [
                {
                    "attempt": 1, "startedAt": "2026-11-20T10:00:01Z", "outcome": "refused",
                    "kind": "unreachable", "detail": "what WAHA said", "at": "2026-11-20T10:00:02Z",
                },
                {
                    "attempt": 2, "startedAt": "2026-11-20T10:00:02Z", "outcome": "refused",
                    "kind": "invalid", "detail": "what WAHA said", "at": "2026-11-20T10:00:03Z",
                },
            ],
        })
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn redriven_discarded_and_proven_sent_ones_leave_the_list(pool: PgPool) {
    let log = MemoryLog::new();
    let streams: Vec<_> = (1..=4).map(|number| message(TENANT, number)).collect();
    let mut messages: Vec<_> = streams.iter().zip(1..).map(|(s, at)| bury(&log, *s, at)).collect();
    bury(&log, message(STRANGER, 9), 9);
    queue(&log, TENANT, 20);
    settle(&log, &pool).await;
    let models = ReadModels::new(pool.clone());
    let listed = async |session| {
        let listing = models.list_dead_letters(TENANT, session, Page::default()).await.unwrap();
        listing.rows.iter().map(|row| row.message_id.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(listed(None).await, [4, 3, 2, 1]);
    assert_eq!(listed(Some(SESSION)).await, [4, 3, 2, 1]);
    assert!(listed(Some(domain::id::SessionId(TENANT.0))).await.is_empty());

    let waha_message_id = WahaMessageId("3EB0".into());
    act(&log, streams[0], &mut messages[0], Command::Redrive { now: at(50) });
    act(&log, streams[1], &mut messages[1], Command::Discard { now: at(50) });
    let seen = Command::Acknowledge { ack: Ack::Device, waha_message_id, at: at(50) };
    act(&log, streams[2], &mut messages[2], seen);
    settle(&log, &pool).await;
    assert_eq!(listed(None).await, [4]);
    let redriven = MessageId(streams[0].id);
    assert_eq!(models.find_dead_letter(TENANT, redriven).await.unwrap(), None);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_attempt_in_doubt_is_settled_by_what_is_told_last(pool: PgPool) {
    let (log, stream) = (MemoryLog::new(), message(TENANT, 1));
    let mut message = Message::default();
    act(&log, stream, &mut message, Command::Queue(queued(0)));
    act(&log, stream, &mut message, start(stream, 1));
    let detail = "timed out".to_owned();
    act(&log, stream, &mut message, Command::ReportUnknown { attempt: 1, detail, now: at(2) });
    settle(&log, &pool).await;
    let attempts = async || {
        let mut connection = pool.acquire().await.unwrap();
        let attempts = super::attempts::of_message(&mut connection, TENANT, MessageId(stream.id));
        attempts.await.unwrap()
    };
    assert_eq!(attempts().await[0].outcome.as_deref(), Some("unknown"));

    act(&log, stream, &mut message, refuse(1, RefusalKind::Invalid, 3));
    settle(&log, &pool).await;
    let [attempt] = &attempts().await[..] else { panic!("one attempt") };
    assert_eq!(
        (attempt.outcome.as_deref(), attempt.kind.as_deref()),
        (Some("refused"), Some("invalid"))
    );
    assert_eq!((attempt.started_at, attempt.ended_at), (Some(at(1)), Some(at(3))));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_attempt_that_whatsapp_rejects_afterwards_ends_as_rejected(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    let sent = Command::ConfirmSent { attempt: 1, waha_message_id: None, now: at(2) };
    for (number, told_before) in [(1, None), (2, Some(sent))] {
        let (stream, mut message) = (message(TENANT, number), Message::default());
        act(&log, stream, &mut message, Command::Queue(queued(0)));
        act(&log, stream, &mut message, start(stream, 1));
        if let Some(told) = told_before {
            act(&log, stream, &mut message, told);
            settle(&log, &pool).await;
        }
        let waha_message_id = WahaMessageId("3EB0".into());
        let reject = Command::Acknowledge { ack: Ack::Error, waha_message_id, at: at(3) };
        act(&log, stream, &mut message, reject);
        settle(&log, &pool).await;

        let letter = models.find_dead_letter(TENANT, MessageId(stream.id)).await.unwrap().unwrap();
        let [attempt] = &letter.attempt_list[..] else { panic!("one attempt: {letter:?}") };
        assert_eq!(attempt.outcome.as_deref(), Some("rejected"));
        assert_eq!((attempt.started_at, attempt.ended_at), (Some(at(1)), Some(at(3))));
    }
}

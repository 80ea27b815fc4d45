use domain::id::MessageId;
use domain::message::event::{Event as MessageEvent, Queued};
use domain::stream::Version;
use serde_json::json;
use sqlx::PgPool;

use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, STRANGER, TENANT, message, moment, queued, settle};

#[sqlx::test(migrations = "../migrations")]
async fn a_message_s_history_is_its_events_as_stored_oldest_first(pool: PgPool) {
    let log = MemoryLog::new();
    let (stream, other) = (message(TENANT, 1), message(STRANGER, 1));
    let queued: Queued = queued(0);
    // The escape \u0000 is JSON that `jsonb` would refuse.
    log.record_as(stream, MessageEvent::Queued(queued.clone()).into(), r#"{"body": "a\u0000b"}"#);
    log.record(other, MessageEvent::Queued(queued));
    log.record(stream, MessageEvent::Delivered(moment(1)));
    log.record(stream, MessageEvent::Read(moment(2)));
    settle(&log, &pool).await;

    let models = ReadModels::new(pool);
    let history = async |after, limit| {
        let id = MessageId(stream.id);
        models.message_history(TENANT, id, Version(after), limit).await.unwrap()
    };
    let all = history(0, 100).await;
    assert_eq!(
        serde_json::to_value(&all[0]).unwrap(),
        json!({
            "type": "test_event", "schemaVersion": 1, "version": 1,
            "occurredAt": "2026-11-20T10:00:00Z", "data": { "body": "a\0b" },
            "metadata": {
                "actor": { "kind": "operator" },
                "correlationId": "00000000-0000-0000-0000-000000000000",
            },
            "position": "1-1",
        })
    );
    assert_eq!(all.iter().map(|row| row.version).collect::<Vec<_>>(), [1, 2, 3]);
    let second = history(1, 1).await;
    assert_eq!(second.iter().map(|row| row.position.as_str()).collect::<Vec<_>>(), ["3-1"]);
}

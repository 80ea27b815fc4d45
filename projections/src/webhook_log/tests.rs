use chrono::TimeDelta;
use domain::stream::{Category, StreamName};
use domain::webhook::{Effect, Event, Processed, Received, Repeated};
use sqlx::PgPool;
use uuid::Uuid;

use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, TENANT, at, settle};

fn webhook(number: u128) -> StreamName {
    StreamName { category: Category::Webhook, tenant: TENANT, id: Uuid::from_u128(number) }
}

fn received(event: &str, bytes: usize, seconds: i64) -> Event {
    Event::Received(Box::new(Received {
        waha_session: "s\0".into(),
        session_id: None,
        event: event.into(),
        event_id: "evt".into(),
        fingerprint: bytes.to_string(),
        body: "x".repeat(bytes),
        at: at(seconds),
    }))
}

fn processed(effect: Effect, seconds: i64) -> Event {
    Event::Processed(Processed { fingerprint: "a".into(), effect, at: at(seconds) })
}

#[sqlx::test(migrations = "../migrations")]
async fn the_last_day_s_webhooks_are_told_in_numbers(pool: PgPool) {
    let log = MemoryLog::new();
    log.record(webhook(1), received("message", 100, 0));
    log.record(webhook(1), processed(Effect::Applied, 2));
    log.record(webhook(1), Event::Repeated(Repeated { at: at(3) }));
    log.record(webhook(2), received("message.ack", 300, 10));
    log.record(webhook(2), processed(Effect::Held, 14));
    settle(&log, &pool).await;
    log.record(webhook(1), Event::Repeated(Repeated { at: at(12) }));
    log.record(webhook(2), processed(Effect::AlreadyKnown, 16));
    log.record(webhook(3), received("message", 200, 3_000));
    // A day before the rest, and still waiting.
    log.record(webhook(4), received("message", 900, -86_400));
    settle(&log, &pool).await;

    let models = ReadModels::new(pool);
    let stats = models.webhook_stats(at(3_650)).await.unwrap();
    assert_eq!((stats.received_last_day, stats.received_last_hour), (3, 1));
    let events: Vec<_> =
        stats.by_event.iter().map(|(word, count)| (word.as_str(), *count)).collect();
    assert_eq!(events, [("message", 2), ("message.ack", 1)]);
    let effects: Vec<_> =
        stats.by_effect.iter().map(|(word, count)| (word.as_str(), *count)).collect();
    assert_eq!(effects, [("already_known", 1), ("applied", 1)]);
    assert_eq!((stats.repeats, stats.average_bytes, stats.max_bytes), (2, Some(200.0), Some(300)));
    assert_eq!((stats.lag_ms.p50, stats.lag_ms.p95), (Some(4_000.0), Some(5_800.0)));
    assert_eq!((stats.unprocessed, stats.oldest_unprocessed_at), (2, Some(at(-86_400))));

    let nothing = models.webhook_stats(at(0) + TimeDelta::days(30)).await.unwrap();
    assert_eq!((nothing.received_last_day, nothing.average_bytes), (0, None));
    let shown = serde_json::to_value(&nothing).unwrap();
    assert_eq!(shown["byEvent"], serde_json::json!({}));
    assert_eq!(shown["lagMs"], serde_json::json!({ "p50": null, "p95": null }));
}

#[sqlx::test(migrations = "../migrations")]
async fn another_body_under_the_same_identity_waits_to_be_processed_again(pool: PgPool) {
    let log = MemoryLog::new();
    log.record(webhook(1), received("message", 100, 0));
    log.record(webhook(1), processed(Effect::Applied, 2));
    settle(&log, &pool).await;
    log.record(webhook(1), received("message", 120, 5));
    settle(&log, &pool).await;

    let stats = ReadModels::new(pool.clone()).webhook_stats(at(10)).await.unwrap();
    assert_eq!((stats.received_last_day, stats.unprocessed, stats.max_bytes), (1, 1, Some(120)));
    let bodies: i32 =
        sqlx::query_scalar("select bodies from webhook_log").fetch_one(&pool).await.unwrap();
    assert_eq!(bodies, 2);
}

//! The installation's webhooks of the last day, in numbers.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};

/// The webhooks received in the 24 hours before a moment.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookStats {
    /// Webhooks received in the last 24 hours.
    pub received_last_day: i64,
    /// Of these, in the last hour.
    pub received_last_hour: i64,
    /// By the event's name.
    #[schemars(with = "BTreeMap<String, i64>")]
    pub by_event: Json<BTreeMap<String, i64>>,
    /// By what came of them; those not processed yet are left out.
    #[schemars(with = "BTreeMap<String, i64>")]
    pub by_effect: Json<BTreeMap<String, i64>>,
    /// Deliveries of something delivered before.
    pub repeats: i64,
    /// The mean size of a body.
    pub average_bytes: Option<f64>,
    /// The largest body.
    pub max_bytes: Option<i64>,
    /// From received to processed.
    #[sqlx(flatten)]
    pub lag_ms: WebhookLag,
    /// Those not processed yet, however old.
    pub unprocessed: i64,
    /// Since when the oldest of these waits.
    pub oldest_unprocessed_at: Option<DateTime<Utc>>,
}

/// How long processing took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, FromRow, JsonSchema)]
pub struct WebhookLag {
    /// Half of the webhooks took at most this long.
    pub p50: Option<f64>,
    /// Nineteen of twenty took at most this long.
    pub p95: Option<f64>,
}

/// The numbers of the 24 hours before `now`.
pub(crate) async fn stats(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<WebhookStats, sqlx::Error> {
    sqlx::query_as(
        "with recent as materialized (
             select event, effect, received_at, bytes, repeats,
                 extract(epoch from processed_at - received_at)::float8 * 1000 as lag_ms
             from webhook_log where received_at >= $1
         ),
         waiting as (
             select count(*) as unprocessed, min(received_at) as oldest_unprocessed_at
             from webhook_log where processed_at is null
         )
         select
             count(*) as received_last_day,
             count(*) filter (where received_at >= $2) as received_last_hour,
             (select coalesce(json_object_agg(event, webhooks), '{}')
                 from (select event, count(*) as webhooks from recent group by event) as counted)
                 as by_event,
             (select coalesce(json_object_agg(effect, webhooks), '{}')
                 from (select effect, count(*) as webhooks from recent
                     where effect is not null group by effect) as counted)
                 as by_effect,
             coalesce(sum(repeats), 0)::bigint as repeats,
             avg(bytes)::float8 as average_bytes,
             max(bytes) as max_bytes,
             percentile_cont(0.5) within group (order by lag_ms) as p50,
             percentile_cont(0.95) within group (order by lag_ms) as p95,
             (select unprocessed from waiting) as unprocessed,
             (select oldest_unprocessed_at from waiting) as oldest_unprocessed_at
         from recent",
    )
    .bind(now - TimeDelta::days(1))
    .bind(now - TimeDelta::hours(1))
    .fetch_one(connection)
    .await
}

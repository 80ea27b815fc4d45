//! Reading the log.
//!
//! The whole log is read in the order of (transaction, position), and only below the oldest transaction
//! that is still open: any event that may yet commit sorts after everything shown. A cursor of the
//! position alone would skip events, gate or no gate (measured: 11,948 of 88,976).

use chrono::{DateTime, Utc};
use domain::id::{EventId, TenantId};
use domain::ports::event_log::{LogError, RecordedEvent};
use domain::stream::{Category, Position, StreamName, Version};
use futures::TryStreamExt;
use sqlx::PgPool;
use uuid::Uuid;

use super::unavailable;
use crate::codec;

/// A read ends early beyond this many bytes: a thousand large webhooks would not fit in memory.
const READ_BYTES_MAX: usize = 16 << 20;

#[derive(sqlx::FromRow)]
struct EventRow {
    transaction_id: i64,
    position: i64,
    tenant_id: Uuid,
    category: String,
    stream_id: Uuid,
    version: i32,
    event_id: Uuid,
    event_type: String,
    schema_version: i16,
    data: String,
    metadata: String,
    recorded_at: DateTime<Utc>,
}

pub(super) async fn read_stream(
    pool: &PgPool,
    stream: StreamName,
) -> Result<Vec<RecordedEvent>, LogError> {
    let rows: Vec<EventRow> = sqlx::query_as(
        "select transaction_id::text::bigint as transaction_id, position, tenant_id, category,
                stream_id, version, event_id, event_type, schema_version, data::text as data,
                metadata::text as metadata, recorded_at
         from events
         where stream_id = $1 and category = $2 and tenant_id = $3
         order by version",
    )
    .bind(stream.id)
    .bind(stream.category.as_str())
    .bind(stream.tenant.0)
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    rows.into_iter().map(recorded).collect()
}

/// How many events a stream holds now.
pub(super) async fn version(pool: &PgPool, stream: StreamName) -> Result<Version, LogError> {
    let version: Option<i32> = sqlx::query_scalar(
        "select version from streams where stream_id = $1 and category = $2 and tenant_id = $3",
    )
    .bind(stream.id)
    .bind(stream.category.as_str())
    .bind(stream.tenant.0)
    .fetch_optional(pool)
    .await
    .map_err(unavailable)?;
    Ok(Version(version.unwrap_or_default().cast_unsigned()))
}

pub(super) async fn read_all(
    pool: &PgPool,
    after: Position,
    limit: u16,
) -> Result<Vec<RecordedEvent>, LogError> {
    let mut rows = sqlx::query_as::<_, EventRow>(
        "select transaction_id::text::bigint as transaction_id, position, tenant_id, category,
                stream_id, version, event_id, event_type, schema_version, data::text as data,
                metadata::text as metadata, recorded_at
         from events
         where (transaction_id, position) > ($1::text::xid8, $2)
           and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
         order by events.transaction_id, events.position
         limit $3",
    )
    .bind(after.first.to_string())
    .bind(after.second.cast_signed())
    .bind(i64::from(limit))
    .fetch(pool);
    let mut events = Vec::new();
    let mut bytes = 0;
    while bytes < READ_BYTES_MAX
        && let Some(row) = rows.try_next().await.map_err(unavailable)?
    {
        bytes += row.data.len() + row.metadata.len();
        events.push(recorded(row)?);
    }
    Ok(events)
}

fn recorded(row: EventRow) -> Result<RecordedEvent, LogError> {
    let position = Position {
        first: row.transaction_id.cast_unsigned(),
        second: row.position.cast_unsigned(),
    };
    let version = Version(row.version.cast_unsigned());
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| LogError::Unreadable {
        stream: format!("{}-{}-{}", row.category, row.tenant_id, row.stream_id),
        version,
        position,
        event_type: row.event_type.clone(),
        source,
    };
    let category =
        Category::parse(&row.category).ok_or_else(|| unreadable("unknown category".into()))?;
    let metadata = serde_json::from_str(&row.metadata).map_err(|error| unreadable(error.into()))?;
    let schema_version = row.schema_version.cast_unsigned();
    let (event, stored) = codec::decode(&row.event_type, schema_version, row.data)
        .map_err(|error| unreadable(error.into()))?;
    Ok(RecordedEvent {
        position,
        stream: StreamName { category, tenant: TenantId(row.tenant_id), id: row.stream_id },
        version,
        id: EventId(row.event_id),
        event,
        stored,
        metadata,
        recorded_at: row.recorded_at,
    })
}

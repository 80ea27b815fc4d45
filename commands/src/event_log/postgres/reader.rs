//! Reading the log.
//!
//! The whole log is read in the order of (transaction, position), and only below the oldest transaction that may
//! still append: any event that may yet commit sorts after everything shown. A cursor of the position alone would
//! skip events, gate or no gate (measured: 11,948 of 88,976). Usually the oldest transaction still open, whatever it
//! does, is near enough; where it hides events, `horizon` finds out whether it can append at all.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::id::{EventId, TenantId};
use domain::ports::event_log::{LogError, RecordedEvent};
use domain::stream::{Category, Position, StreamName, Version};
use futures::TryStreamExt;
use sqlx::PgPool;
use uuid::Uuid;

use super::{horizon, unavailable};
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
) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
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
    rows.into_iter().map(|row| recorded(row).map(Arc::new)).collect()
}

const READ_ALL: &str = "
select transaction_id::text::bigint as transaction_id, position, tenant_id, category,
       stream_id, version, event_id, event_type, schema_version, data::text as data,
       metadata::text as metadata, recorded_at
from events
where (transaction_id, position) > ($1::text::xid8, $2)
  and transaction_id < coalesce($4::text::xid8, pg_snapshot_xmin(pg_current_snapshot()))
order by events.transaction_id, events.position
limit $3";

pub(super) async fn read_all(
    pool: &PgPool,
    after: Position,
    limit: u16,
) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
    let mut page = read_below(pool, after, limit, None).await?;
    let room = limit.saturating_sub(u16::try_from(page.events.len()).unwrap_or(limit));
    let last = page.events.last().map_or(after, |event| event.position);
    if room == 0 || page.is_cut || !horizon::hides_events(pool, last).await.map_err(unavailable)? {
        return Ok(page.events);
    }
    let horizon = horizon::find(pool).await.map_err(unavailable)?;
    page.events.extend(read_below(pool, last, room, Some(horizon)).await?.events);
    Ok(page.events)
}

struct Page {
    events: Vec<Arc<RecordedEvent>>,
    /// Whether it ends early because it has grown too heavy.
    is_cut: bool,
}

/// Reads what sorts below a transaction; if none is given, below the oldest that is still open.
async fn read_below(
    pool: &PgPool,
    after: Position,
    limit: u16,
    horizon: Option<String>,
) -> Result<Page, LogError> {
    let mut rows = sqlx::query_as::<_, EventRow>(READ_ALL)
        .bind(after.first.to_string())
        .bind(after.second.cast_signed())
        .bind(i64::from(limit))
        .bind(horizon)
        .fetch(pool);
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await.map_err(unavailable)? {
        bytes += row.data.len() + row.metadata.len();
        events.push(Arc::new(recorded(row)?));
        if bytes >= READ_BYTES_MAX {
            return Ok(Page { events, is_cut: true });
        }
    }
    Ok(Page { events, is_cut: false })
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

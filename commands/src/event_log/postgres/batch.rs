//! Many appends in one statement.
//!
//! The statement moves each stream's version if it is as expected, and inserts the events of those streams
//! only. Numbers are drawn after the check, so a refused append leaves no trace. A stream stands at most
//! once in a batch: a row can be moved only once in a statement.

use domain::id::EventId;
use domain::ports::event_log::{Appended, LogError, NewEvent};
use domain::stream::{Position, StreamName, Version};
use sqlx::{PgPool, Row};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::codec;

/// One append that waits for its turn.
pub(super) struct Request {
    pub(super) stream: StreamName,
    expected: Version,
    pub(super) events: Vec<EncodedEvent>,
    reply: oneshot::Sender<Result<Appended, LogError>>,
}

/// An event as columns.
pub(super) struct EncodedEvent {
    pub(super) id: EventId,
    event_type: &'static str,
    schema_version: i16,
    data: String,
    metadata: String,
}

impl Request {
    pub(super) fn new(
        stream: StreamName,
        expected: Version,
        events: &[NewEvent],
        reply: oneshot::Sender<Result<Appended, LogError>>,
    ) -> Result<Self, LogError> {
        if events.is_empty() {
            return Err(LogError::Refused("an append needs at least one event".into()));
        }
        let events = events.iter().map(EncodedEvent::new).collect::<Result<_, _>>()?;
        Ok(Self { stream, expected, events, reply })
    }

    /// Roughly what it weighs on the wire.
    pub(super) fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.data.len() + event.metadata.len() + 100).sum()
    }

    pub(super) fn answer(self, result: Result<Appended, LogError>) {
        // A caller that has gone away does not want the answer; the events stand all the same.
        let _ = self.reply.send(result);
    }
}

impl EncodedEvent {
    fn new(event: &NewEvent) -> Result<Self, LogError> {
        let refused = |error: serde_json::Error| LogError::Refused(error.into());
        let form = codec::encode(&event.event).map_err(refused)?;
        Ok(Self {
            id: event.id,
            event_type: form.event_type,
            schema_version: i16::try_from(form.schema_version)
                .map_err(|error| LogError::Refused(error.into()))?,
            data: form.data,
            metadata: serde_json::to_string(&event.metadata).map_err(refused)?,
        })
    }
}

/// Where an event of an accepted request is now.
pub(super) struct Placed {
    pub(super) stream_id: Uuid,
    pub(super) event_id: EventId,
    pub(super) appended: Appended,
}

/// Every array holds one element per request, or one per event.
const APPEND: &str = "
with request as (
    select * from unnest($1::int[], $2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::int[])
        as r (ordinal, tenant_id, category, stream_id, expected, event_count)
),
opened as (
    insert into streams (tenant_id, category, stream_id, version)
    select tenant_id, category, stream_id, event_count from request where expected = 0
    on conflict do nothing
    returning tenant_id, category, stream_id, version
),
advanced as (
    update streams s set version = s.version + r.event_count
    from request r
    where r.expected > 0
      and s.stream_id = r.stream_id and s.category = r.category and s.tenant_id = r.tenant_id
      and s.version = r.expected
    returning s.tenant_id, s.category, s.stream_id, s.version
),
accepted as (
    select r.ordinal, a.tenant_id, a.category, a.stream_id, a.version - r.event_count as base
    from (select * from opened union all select * from advanced) a
    join request r using (stream_id, category, tenant_id)
)
insert into events
    (tenant_id, category, stream_id, version, event_id, event_type, schema_version, data, metadata)
select a.tenant_id, a.category, a.stream_id, a.base + e.step, e.event_id, e.event_type,
       e.schema_version, e.data::json, e.metadata::json
from unnest($7::int[], $8::int[], $9::uuid[], $10::text[], $11::smallint[], $12::text[], $13::text[])
    as e (ordinal, step, event_id, event_type, schema_version, data, metadata)
join accepted a using (ordinal)
order by e.ordinal, e.step
returning stream_id, event_id, version, position, transaction_id::text::bigint as transaction_id
";

/// Appends what can be appended, in one statement and one commit.
pub(super) async fn append(
    pool: &PgPool,
    requests: &[Request],
) -> Result<Vec<Placed>, sqlx::Error> {
    let count = requests.len();
    let mut ordinals = Vec::with_capacity(count);
    let (mut tenants, mut categories, mut streams) = (vec![], vec![], vec![]);
    let (mut expected, mut event_counts) = (vec![], vec![]);
    let (mut event_ordinals, mut steps, mut event_ids) = (vec![], vec![], vec![]);
    let (mut types, mut versions, mut data, mut metadata) = (vec![], vec![], vec![], vec![]);
    for (ordinal, request) in (0_i32..).zip(requests) {
        ordinals.push(ordinal);
        tenants.push(request.stream.tenant.0);
        categories.push(request.stream.category.as_str());
        streams.push(request.stream.id);
        expected.push(request.expected.0.cast_signed());
        event_counts.push(i32::try_from(request.events.len()).unwrap_or(i32::MAX));
        for (step, event) in (1_i32..).zip(&request.events) {
            event_ordinals.push(ordinal);
            steps.push(step);
            event_ids.push(event.id.0);
            types.push(event.event_type);
            versions.push(event.schema_version);
            data.push(event.data.as_str());
            metadata.push(event.metadata.as_str());
        }
    }
    let rows = sqlx::query(APPEND)
        .bind(ordinals)
        .bind(tenants)
        .bind(categories)
        .bind(streams)
        .bind(expected)
        .bind(event_counts)
        .bind(event_ordinals)
        .bind(steps)
        .bind(event_ids)
        .bind(types)
        .bind(versions)
        .bind(data)
        .bind(metadata)
        .fetch_all(pool)
        .await?;
    rows.iter().map(placed).collect()
}

/// How many of the events are in the stream already.
pub(super) enum Overlap {
    /// All, the last of them here: an append that was repeated because its first answer was lost.
    Whole(Appended),
    /// Some: ids were used again.
    Partial,
    None,
}

/// How many of the events are in the stream already, and where.
pub(super) async fn find(
    pool: &PgPool,
    stream: StreamName,
    events: &[EventId],
) -> Result<Overlap, sqlx::Error> {
    let ids: Vec<Uuid> = events.iter().map(|id| id.0).collect();
    let rows = sqlx::query(
        "select stream_id, event_id, version, position, transaction_id::text::bigint as transaction_id
         from events
         where stream_id = $1 and category = $2 and tenant_id = $3 and event_id = any($4)
         order by version",
    )
    .bind(stream.id)
    .bind(stream.category.as_str())
    .bind(stream.tenant.0)
    .bind(&ids)
    .fetch_all(pool)
    .await?;
    match rows.last() {
        Some(last) if rows.len() == ids.len() => Ok(Overlap::Whole(placed(last)?.appended)),
        Some(_) => Ok(Overlap::Partial),
        None => Ok(Overlap::None),
    }
}

fn placed(row: &sqlx::postgres::PgRow) -> Result<Placed, sqlx::Error> {
    let position = Position {
        first: row.try_get::<i64, _>("transaction_id")?.cast_unsigned(),
        second: row.try_get::<i64, _>("position")?.cast_unsigned(),
    };
    let version = Version(row.try_get::<i32, _>("version")?.cast_unsigned());
    let (stream_id, event_id) = (row.try_get("stream_id")?, EventId(row.try_get("event_id")?));
    Ok(Placed { stream_id, event_id, appended: Appended { version, position } })
}

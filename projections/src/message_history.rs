//! What happened to each message: the table `message_history`, its events as stored and upcast.
//!
//! Told with the API's names: `waha_message_id` is stored, `wahaMessageId` is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{MessageId, TenantId};
use domain::ports::event_log::RecordedEvent;
use domain::stream::Version;
use schemars::JsonSchema;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};

use crate::batch::{column, integer};
use crate::projector::Projection;

/// Most events told at once.
pub const EVENTS_MAX: u32 = 500;

/// Writes the history.
pub struct MessageHistory;

#[async_trait]
impl Projection for MessageHistory {
    fn name(&self) -> &'static str {
        "message_history"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[include_str!("../../migrations/20261121030300_message_history.sql")]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Message(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let is_of_message = |event: &&Arc<RecordedEvent>| matches!(event.event, Event::Message(_));
        let events: Vec<_> = events.iter().filter(is_of_message).collect();
        if events.is_empty() {
            return Ok(());
        }
        let metadata: Vec<String> = events
            .iter()
            .map(|event| serde_json::to_string(&event.metadata))
            .collect::<Result<_, _>>()
            .map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::query(
            "insert into message_history (tenant_id, message_id, version, event_type, schema_version,
                 occurred_at, data, metadata, position_first, position_second)
             select tenant_id, message_id, version, event_type, schema_version, occurred_at,
                 data::json, metadata::json, position_first, position_second
             from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::integer[],
                 $6::timestamptz[], $7::text[], $8::text[], $9::bigint[], $10::bigint[])
                 as event (tenant_id, message_id, version, event_type, schema_version, occurred_at, data,
                     metadata, position_first, position_second)",
        )
        .bind(column(&events, |event| event.stream.tenant.0))
        .bind(column(&events, |event| event.stream.id))
        .bind(column(&events, |event| integer(event.version.0)))
        .bind(column(&events, |event| event.stored.event_type))
        .bind(column(&events, |event| i32::from(event.stored.schema_version)))
        .bind(column(&events, |event| event.recorded_at))
        .bind(column(&events, |event| event.stored.data.as_str()))
        .bind(metadata)
        .bind(column(&events, |event| event.position.first.cast_signed()))
        .bind(column(&events, |event| event.position.second.cast_signed()))
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// One event of a message.
#[derive(Debug, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryRow {
    /// Its stored name, such as `message_queued`.
    #[sqlx(rename = "event_type")]
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of its shape.
    pub schema_version: i32,
    /// Its place among the message's events, the first being 1.
    pub version: i32,
    /// When it was recorded.
    pub occurred_at: DateTime<Utc>,
    /// What it says.
    #[serde(serialize_with = "in_camel_case")]
    #[schemars(with = "Map<String, Value>")]
    pub data: Json<Box<RawValue>>,
    /// On whose behalf and why.
    #[serde(serialize_with = "in_camel_case")]
    #[schemars(with = "Map<String, Value>")]
    pub metadata: Json<Box<RawValue>>,
    /// Its place in the whole log.
    pub position: String,
}

/// Stored fields under the names the API gives them. What is inside a field stays as it is: a client's own
/// metadata is the client's.
pub(crate) fn in_camel_case<S: Serializer>(
    stored: &Json<Box<RawValue>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let fields: BTreeMap<String, &RawValue> =
        serde_json::from_str(stored.get()).map_err(S::Error::custom)?;
    serializer.collect_map(fields.iter().map(|(name, value)| (camel_case(name), value)))
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name + letters.as_str()
    })
}

/// A message's events after a version, oldest first, at most [`EVENTS_MAX`].
pub(crate) async fn history(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: MessageId,
    after: Version,
    limit: u32,
) -> Result<Vec<HistoryRow>, sqlx::Error> {
    sqlx::query_as(
        "select event_type, schema_version, version, occurred_at, data, metadata,
             position_first || '-' || position_second as position
         from message_history
         where tenant_id = $1 and message_id = $2 and version > $3
         order by version limit $4",
    )
    .bind(tenant.0)
    .bind(id.0)
    .bind(integer(after.0))
    .bind(i64::from(limit.min(EVENTS_MAX)))
    .fetch_all(connection)
    .await
}

#[cfg(test)]
mod tests;

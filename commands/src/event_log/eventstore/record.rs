//! Events as the server keeps them, and back.

use chrono::{DateTime, Utc};
use domain::id::{EventId, TenantId};
use domain::origin::Origin;
use domain::ports::event_log::{Actor, LogError, Metadata, NewEvent, RecordedEvent};
use domain::stream::{Position, StreamName, Version};
use eventstore::EventData;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::codec;

/// The server's clock counts tenths of a microsecond.
const TICKS_PER_MICROSECOND: i64 = 10;

/// What stands beside an event's data. The names with a dollar sign are those the server's own projections
/// (`$by_correlation_id`) go by.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMetadata {
    schema_version: u16,
    tenant_id: TenantId,
    actor: Actor,
    #[serde(rename = "$correlationId")]
    correlation_id: Uuid,
    #[serde(rename = "$causationId", default, skip_serializing_if = "Option::is_none")]
    causation_id: Option<EventId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

/// An event as it is sent.
pub(super) fn encode(stream: StreamName, event: &NewEvent) -> Result<EventData, LogError> {
    let refused = |error: serde_json::Error| LogError::Refused(error.into());
    let form = codec::encode(&event.event).map_err(refused)?;
    let Metadata { actor, correlation_id, causation_id, request_id, origin, command_id: _ } =
        event.metadata.clone();
    let metadata = StoredMetadata {
        schema_version: form.schema_version,
        tenant_id: stream.tenant,
        actor,
        correlation_id,
        causation_id,
        request_id,
        origin,
    };
    // It is JSON already; the crate knows no other way to say so.
    let data = RawValue::from_string(form.data).map_err(refused)?;
    let encoded = EventData::json(form.event_type, &data).map_err(refused)?;
    encoded.id(event.id.0).metadata_as_json(&metadata).map_err(refused)
}

/// An event of ours, read back.
pub(super) fn recorded(
    stream: StreamName,
    event: &eventstore::RecordedEvent,
) -> Result<RecordedEvent, LogError> {
    let version = version(event.revision);
    let position = position(event.position);
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| LogError::Unreadable {
        stream: stream.to_string(),
        version,
        position,
        event_type: event.event_type.clone(),
        source,
    };
    let metadata: StoredMetadata = serde_json::from_slice(&event.custom_metadata)
        .map_err(|error| unreadable(format!("its metadata is not ours: {error}").into()))?;
    let data = str::from_utf8(&event.data).map_err(|error| unreadable(error.into()))?;
    let decoded = codec::decode(&event.event_type, metadata.schema_version, data.to_owned());
    let (decoded, stored) = decoded.map_err(|error| unreadable(error.into()))?;
    let StoredMetadata { actor, correlation_id, causation_id, request_id, origin, .. } = metadata;
    Ok(RecordedEvent {
        position,
        stream,
        version,
        id: EventId(event.id),
        event: decoded,
        stored,
        metadata: Metadata {
            causation_id,
            request_id,
            origin,
            ..Metadata::new(actor, correlation_id)
        },
        recorded_at: recorded_at(event),
    })
}

/// The server counts from nought.
pub(super) fn version(revision: u64) -> Version {
    Version(u32::try_from(revision).unwrap_or(u32::MAX).saturating_add(1))
}

pub(super) fn position(position: eventstore::Position) -> Position {
    Position { first: position.commit, second: position.prepare }
}

/// To the microsecond, as PostgreSQL has it; the crate rounds to seconds.
fn recorded_at(event: &eventstore::RecordedEvent) -> DateTime<Utc> {
    let ticks = event.metadata.get("created").and_then(|ticks| ticks.parse::<i64>().ok());
    ticks
        .and_then(|ticks| DateTime::from_timestamp_micros(ticks / TICKS_PER_MICROSECOND))
        .unwrap_or(event.created)
}

//! The builds under way, and those left behind: the table `projection_builds`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::stream::Position;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use super::BuildError;
use crate::projector::checkpoint;

/// With the hash of a projection's name, the advisory lock of who builds of it.
pub(super) const LOCK_CLASS: i32 = 0x4865_6c69;

/// What a view is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To take the live one's place.
    Rebuild,
    /// To compare the live one with.
    Verify,
}

impl Purpose {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
        }
    }
}

/// What is built beside a live view.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildStatus {
    /// `rebuild` or `verify`.
    pub purpose: String,
    /// False if its process is gone: the next rebuild or verify begins anew.
    pub is_running: bool,
    /// The last event applied.
    #[serde(serialize_with = "checkpoint::as_text")]
    pub position: Position,
    /// Events applied.
    pub events_applied: i64,
    /// How fast it has been, all in all.
    pub events_per_second: Option<f64>,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    projection: String,
    purpose: String,
    is_running: bool,
    first: i64,
    second: i64,
    events_applied: i64,
    events_per_second: Option<f64>,
    started_at: DateTime<Utc>,
}

/// Every build, by its projection.
pub(crate) async fn statuses(pool: &PgPool) -> Result<BTreeMap<String, BuildStatus>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "select projection, purpose, first, second, events_applied, started_at,
             events_applied / nullif(extract(epoch from updated_at - started_at), 0)::float8
                 as events_per_second,
             exists (
                 select from pg_locks
                 where locktype = 'advisory' and granted and objsubid = 2
                     and database = (select oid from pg_database where datname = current_database())
                     and classid::bigint = $1 and objid::bigint = hashtext(projection)::bigint & 4294967295
             ) as is_running
         from projection_builds",
    )
    .bind(i64::from(LOCK_CLASS))
    .fetch_all(pool)
    .await?;
    let status = |row: Row| {
        let status = BuildStatus {
            purpose: row.purpose,
            is_running: row.is_running,
            position: checkpoint::position(row.first, row.second),
            events_applied: row.events_applied,
            events_per_second: row.events_per_second,
            started_at: row.started_at,
        };
        (row.projection, status)
    };
    Ok(rows.into_iter().map(status).collect())
}

/// The schema that an earlier build left behind.
pub(super) async fn left_behind(
    connection: &mut PgConnection,
    projection: &str,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("delete from projection_builds where projection = $1 returning schema_name")
        .bind(projection)
        .fetch_optional(connection)
        .await
}

/// Enters a build; answers its id.
pub(super) async fn enter(
    connection: &mut PgConnection,
    projection: &str,
    purpose: Purpose,
    schema: &str,
) -> Result<Uuid, sqlx::Error> {
    sqlx::query_scalar(
        "insert into projection_builds (projection, purpose, schema_name) values ($1, $2, $3)
         returning id",
    )
    .bind(projection)
    .bind(purpose.as_str())
    .bind(schema)
    .fetch_one(connection)
    .await
}

/// Notes how far a build has come.
pub(super) async fn note(
    pool: &PgPool,
    id: Uuid,
    at: Position,
    events: u64,
) -> Result<(), BuildError> {
    let noted = sqlx::query(
        "update projection_builds
         set first = $2, second = $3, events_applied = $4, updated_at = now()
         where id = $1",
    )
    .bind(id)
    .bind(at.first.cast_signed())
    .bind(at.second.cast_signed())
    .bind(events.cast_signed())
    .execute(pool)
    .await?;
    if noted.rows_affected() == 1 { Ok(()) } else { Err(BuildError::Lost) }
}

/// Takes a build off the register, if it is still there.
pub(super) async fn leave(connection: &mut PgConnection, id: Uuid) -> Result<(), BuildError> {
    let left = sqlx::query("delete from projection_builds where id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    if left.rows_affected() == 1 { Ok(()) } else { Err(BuildError::Lost) }
}

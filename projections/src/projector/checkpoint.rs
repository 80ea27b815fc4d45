//! How far each projection has come: the table `projection_checkpoints`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::ports::leases::FencingToken;
use domain::stream::Position;
use serde::Serialize;
use sqlx::{PgConnection, PgPool, Row};

use super::standstill::Standstill;
use crate::build::register::{self, BuildStatus};

/// How a projection is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// The version of its view: how often it was built.
    pub version: i32,
    /// The last event applied.
    #[serde(serialize_with = "as_text")]
    pub position: Position,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
    /// Events seen since the first of the log.
    pub events_applied: i64,
    /// Why it stands still, with all that is known; none while it moves.
    pub error: Option<String>,
    /// The same without anything that events say.
    #[serde(skip)]
    pub error_summary: Option<String>,
    /// What is being built beside it.
    pub build: Option<BuildStatus>,
}

/// How far every projection has come.
pub(crate) async fn positions(pool: &PgPool) -> Result<HashMap<String, Position>, sqlx::Error> {
    let rows: Vec<(String, i64, i64)> =
        sqlx::query_as("select projection, first, second from projection_checkpoints")
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|(name, first, second)| (name, position(first, second))).collect())
}

/// How every projection is, by name.
pub async fn statuses(pool: &PgPool) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
    let mut builds = register::statuses(pool).await?;
    let rows = sqlx::query(
        "select projection, version, first, second, updated_at, events_applied, error, error_summary
         from projection_checkpoints order by projection",
    )
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let name: String = row.try_get("projection")?;
            Ok(ProjectionStatus {
                build: builds.remove(&name),
                version: row.try_get("version")?,
                position: position(row.try_get("first")?, row.try_get("second")?),
                updated_at: row.try_get("updated_at")?,
                events_applied: row.try_get("events_applied")?,
                error: row.try_get("error")?,
                error_summary: row.try_get("error_summary")?,
                name,
            })
        })
        .collect()
}

/// The last event the projection has applied. One that is new is enrolled.
pub(crate) async fn read(pool: &PgPool, projection: &str) -> Result<Position, sqlx::Error> {
    let known = sqlx::query_as::<_, (i64, i64)>(
        "select first, second from projection_checkpoints where projection = $1",
    )
    .bind(projection)
    .fetch_optional(pool)
    .await?;
    if let Some((first, second)) = known {
        return Ok(position(first, second));
    }
    sqlx::query(
        "insert into projection_checkpoints (projection) values ($1) on conflict do nothing",
    )
    .bind(projection)
    .execute(pool)
    .await?;
    Ok(Position::START)
}

/// The same, for the owner of the projection's lease; none if a later owner has been there. From now on no owner
/// before this one can take the projection.
pub(super) async fn own(
    pool: &PgPool,
    projection: &str,
    token: FencingToken,
) -> Result<Option<Position>, sqlx::Error> {
    let find = "select first, second, fence from projection_checkpoints where projection = $1";
    let found: Option<(i64, i64, i64)> =
        sqlx::query_as(find).bind(projection).fetch_optional(pool).await?;
    let fence = token.0.cast_signed();
    let (first, second, seen) = match found {
        Some(found) if found.2 >= fence => found,
        _ => {
            sqlx::query_as(
                "insert into projection_checkpoints (projection, fence) values ($1, $2)
                 on conflict (projection) do update
                     set fence = greatest(projection_checkpoints.fence, excluded.fence)
                 returning first, second, fence",
            )
            .bind(projection)
            .bind(fence)
            .fetch_one(pool)
            .await?
        }
    };
    Ok((seen == fence).then(|| position(first, second)))
}

/// Takes the projection for this transaction. False if another process has it, or has moved it on, or owns its lease.
pub(super) async fn lock(
    connection: &mut PgConnection,
    projection: &str,
    at: Position,
    token: FencingToken,
) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query(
        "select from projection_checkpoints
         where projection = $1 and first = $2 and second = $3 and fence = $4
         for update skip locked",
    )
    .bind(projection)
    .bind(at.first.cast_signed())
    .bind(at.second.cast_signed())
    .bind(token.0.cast_signed())
    .fetch_optional(connection)
    .await?;
    Ok(locked.is_some())
}

/// Moves the checkpoint; answers how many seconds ago the last event was recorded, if that is told.
pub(super) async fn move_to(
    connection: &mut PgConnection,
    projection: &str,
    to: Position,
    events: usize,
    recorded_at: Option<DateTime<Utc>>,
) -> Result<Option<f64>, sqlx::Error> {
    sqlx::query_scalar(
        "update projection_checkpoints
         set first = $2, second = $3, events_applied = events_applied + $4, error = null,
             error_summary = null, updated_at = now()
         where projection = $1
         returning extract(epoch from clock_timestamp() - $5)::float8",
    )
    .bind(projection)
    .bind(to.first.cast_signed())
    .bind(to.second.cast_signed())
    .bind(i64::try_from(events).unwrap_or(i64::MAX))
    .bind(recorded_at)
    .fetch_one(connection)
    .await
}

/// Notes why the projection stands still, or that nothing is wrong any more.
pub(super) async fn note(
    pool: &PgPool,
    projection: &str,
    standstill: Option<&Standstill>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update projection_checkpoints set error = $2, error_summary = $3
         where projection = $1 and error is distinct from $2",
    )
    .bind(projection)
    .bind(standstill.map(|standstill| standstill.error.as_str()))
    .bind(standstill.map(|standstill| standstill.summary.as_str()))
    .execute(pool)
    .await?;
    Ok(())
}

/// How a live view stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) version: i32,
    pub(crate) position: Position,
    pub(crate) events: u64,
}

impl From<(i32, i64, i64, i64)> for Live {
    fn from((version, first, second, events): (i32, i64, i64, i64)) -> Self {
        Self { version, position: position(first, second), events: events.unsigned_abs() }
    }
}

/// How the live view stands now.
pub(crate) async fn live(pool: &PgPool, projection: &str) -> Result<Live, sqlx::Error> {
    let row: (i32, i64, i64, i64) = sqlx::query_as(
        "select version, first, second, events_applied from projection_checkpoints
         where projection = $1",
    )
    .bind(projection)
    .fetch_one(pool)
    .await?;
    Ok(row.into())
}

/// The same, held there for as long as the transaction lasts: whoever would project stands aside.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    projection: &str,
) -> Result<Live, sqlx::Error> {
    let row: (i32, i64, i64, i64) = sqlx::query_as(
        "select version, first, second, events_applied from projection_checkpoints
         where projection = $1 for update",
    )
    .bind(projection)
    .fetch_one(connection)
    .await?;
    Ok(row.into())
}

/// From now on the projection's view is another one, built this far.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    projection: &str,
    version: i32,
    at: Position,
    events: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update projection_checkpoints
         set version = $2, first = $3, second = $4, events_applied = $5, error = null,
             error_summary = null, updated_at = now()
         where projection = $1",
    )
    .bind(projection)
    .bind(version)
    .bind(at.first.cast_signed())
    .bind(at.second.cast_signed())
    .bind(events.cast_signed())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) fn position(first: i64, second: i64) -> Position {
    Position { first: first.cast_unsigned(), second: second.cast_unsigned() }
}

pub(crate) fn as_text<S: serde::Serializer>(
    position: &Position,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(position)
}

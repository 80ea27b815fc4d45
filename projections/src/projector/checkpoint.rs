//! How far each projection has come: the table `projection_checkpoints`.

use chrono::{DateTime, Utc};
use domain::stream::Position;
use serde::Serialize;
use sqlx::{PgConnection, PgPool, Row};

/// How a projection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectionStatus {
    /// Its name, with its version.
    pub name: String,
    /// The last event applied.
    #[serde(serialize_with = "as_text")]
    pub position: Position,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
    /// Events seen since it was made.
    pub events_applied: i64,
    /// Why it stands still; none while it moves.
    pub error: Option<String>,
}

/// How every projection is, by name.
pub async fn statuses(pool: &PgPool) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
    let rows = sqlx::query(
        "select projection, first, second, updated_at, events_applied, error
         from projection_checkpoints order by projection",
    )
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ProjectionStatus {
                name: row.try_get("projection")?,
                position: position(row.try_get("first")?, row.try_get("second")?),
                updated_at: row.try_get("updated_at")?,
                events_applied: row.try_get("events_applied")?,
                error: row.try_get("error")?,
            })
        })
        .collect()
}

/// The last event the projection has applied. One that is new is enrolled.
pub(super) async fn read(pool: &PgPool, projection: &str) -> Result<Position, sqlx::Error> {
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

/// Takes the projection for this transaction. False if another process has it, or has moved it on.
pub(super) async fn lock(
    connection: &mut PgConnection,
    projection: &str,
    at: Position,
) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query(
        "select from projection_checkpoints
         where projection = $1 and first = $2 and second = $3
         for update skip locked",
    )
    .bind(projection)
    .bind(at.first.cast_signed())
    .bind(at.second.cast_signed())
    .fetch_optional(connection)
    .await?;
    Ok(locked.is_some())
}

/// Moves the checkpoint; answers how many seconds ago the last event was recorded.
pub(super) async fn move_to(
    connection: &mut PgConnection,
    projection: &str,
    to: Position,
    events: usize,
    recorded_at: DateTime<Utc>,
) -> Result<f64, sqlx::Error> {
    sqlx::query_scalar(
        "update projection_checkpoints
         set first = $2, second = $3, events_applied = events_applied + $4, error = null,
             updated_at = now()
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
    error: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update projection_checkpoints set error = $2
         where projection = $1 and error is distinct from $2",
    )
    .bind(projection)
    .bind(error)
    .execute(pool)
    .await?;
    Ok(())
}

fn position(first: i64, second: i64) -> Position {
    Position { first: first.cast_unsigned(), second: second.cast_unsigned() }
}

fn as_text<S: serde::Serializer>(position: &Position, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(position)
}

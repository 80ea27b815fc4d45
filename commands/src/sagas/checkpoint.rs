//! How far a saga has read.
//!
//! Moved by compare-and-set, first thing in the transaction that holds what was read: of two processes that
//! read the same events, one moves it and the other's work is rolled back. Events are read before the
//! transaction begins, since an open one would hold up every reader of the log.

use domain::stream::Position;
use sqlx::{PgConnection, PgPool, Row};

/// Where `saga` stands.
pub(super) async fn read(pool: &PgPool, saga: &str) -> Result<Position, sqlx::Error> {
    let row = sqlx::query("select first, second from saga_checkpoints where saga = $1")
        .bind(saga)
        .fetch_optional(pool)
        .await?;
    let Some(row) = row else {
        sqlx::query("insert into saga_checkpoints (saga) values ($1) on conflict do nothing")
            .bind(saga)
            .execute(pool)
            .await?;
        return Ok(Position::START);
    };
    Ok(Position {
        first: row.try_get::<i64, _>("first")?.cast_unsigned(),
        second: row.try_get::<i64, _>("second")?.cast_unsigned(),
    })
}

/// Moves `saga` from one position to another; false if it stands elsewhere by now.
pub(super) async fn advance(
    connection: &mut PgConnection,
    saga: &str,
    from: Position,
    to: Position,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(
        "update saga_checkpoints set first = $4, second = $5, updated_at = now()
         where saga = $1 and first = $2 and second = $3",
    )
    .bind(saga)
    .bind(from.first.cast_signed())
    .bind(from.second.cast_signed())
    .bind(to.first.cast_signed())
    .bind(to.second.cast_signed())
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

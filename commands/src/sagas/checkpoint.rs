//! How far a saga has read: table `saga_checkpoints`.
//!
//! One process reads for a saga at a time, under a lease. The checkpoint remembers the greatest fencing token it
//! has seen and moves for no smaller one; it moves by compare-and-set, first thing in the transaction that holds
//! what was read, so an event counts once whoever reads. Events are read before that transaction begins, which
//! would else be open for longer. Past events of no concern to the saga it moves now and then.

use std::sync::Arc;
use std::time::Instant;

use domain::place::{LastPlace, Place};
use domain::ports::leases::{FencingToken, Leases, Work};
use domain::stream::Position;
use sqlx::{PgConnection, PgPool, Row};

use super::SagaError;

/// A saga's place in the log.
pub(super) struct Checkpoint {
    pool: PgPool,
    leases: Arc<dyn Leases>,
    saga: &'static str,
    last: LastPlace,
}

/// Where the saga stands, for the process whose turn it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    place: Place,
    token: FencingToken,
}

impl Standing {
    /// From where to read on.
    pub(super) const fn at(self) -> Position {
        self.place.seen
    }

    /// Whose turn it is: another number, another turn.
    pub(super) const fn token(self) -> FencingToken {
        self.token
    }
}

impl Checkpoint {
    pub(super) fn new(pool: PgPool, leases: Arc<dyn Leases>, saga: &'static str) -> Self {
        Self { pool, leases, saga, last: LastPlace::default() }
    }

    /// The saga's name.
    pub(super) const fn saga(&self) -> &'static str {
        self.saga
    }

    /// Where the saga stands; none while it is another process's turn.
    pub(super) async fn own(&self) -> Result<Option<Standing>, SagaError> {
        let Some(token) = self.leases.hold(Work::Saga(self.saga)).await? else { return Ok(None) };
        let found =
            sqlx::query("select first, second, fence from saga_checkpoints where saga = $1")
                .bind(self.saga)
                .fetch_optional(&self.pool)
                .await?;
        let row = match found {
            Some(row) if fence(&row)? >= token => row,
            _ => self.claim(token).await?,
        };
        let is_ours = fence(&row)? == token;
        let place = self.last.or_at(position(&row)?, Instant::now());
        Ok(is_ours.then_some(Standing { place, token }))
    }

    /// Notes that the events up to `to` are of no concern; false if it is no longer this process's saga.
    pub(super) async fn pass(
        &self,
        from: Standing,
        to: Position,
        events: usize,
    ) -> Result<bool, SagaError> {
        let place = from.place.past(to, events);
        self.last.keep(place);
        if place.is_late(Instant::now()) {
            return self.settle(Standing { place, ..from }).await;
        }
        Ok(true)
    }

    /// Moves the checkpoint past what was of no concern; false if it is no longer this process's to move.
    pub(super) async fn settle(&self, from: Standing) -> Result<bool, SagaError> {
        if !from.place.is_behind() {
            return Ok(true);
        }
        let mut connection = self.pool.acquire().await?;
        Ok(self.advance(&mut connection, from, from.place.seen).await?)
    }

    /// From now on no owner before this one can move the checkpoint.
    async fn claim(&self, token: FencingToken) -> Result<sqlx::postgres::PgRow, sqlx::Error> {
        sqlx::query(
            "insert into saga_checkpoints (saga, fence) values ($1, $2)
             on conflict (saga) do update
                 set fence = greatest(saga_checkpoints.fence, excluded.fence)
             returning first, second, fence",
        )
        .bind(self.saga)
        .bind(token.0.cast_signed())
        .fetch_one(&self.pool)
        .await
    }

    /// Moves the checkpoint; false if it is no longer this process's to move.
    pub(super) async fn advance(
        &self,
        connection: &mut PgConnection,
        from: Standing,
        to: Position,
    ) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query(
            "update saga_checkpoints
             set first = $5, second = $6, error = null, updated_at = now()
             where saga = $1 and first = $2 and second = $3 and fence = $4",
        )
        .bind(self.saga)
        .bind(from.place.written.first.cast_signed())
        .bind(from.place.written.second.cast_signed())
        .bind(from.token.0.cast_signed())
        .bind(to.first.cast_signed())
        .bind(to.second.cast_signed())
        .execute(connection)
        .await?;
        Ok(moved.rows_affected() == 1)
    }

    /// How far the saga has come, whoever reads for it.
    pub(super) async fn position(&self) -> Result<Position, sqlx::Error> {
        let row = sqlx::query("select first, second from saga_checkpoints where saga = $1")
            .bind(self.saga)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map_or(Ok(Position::START), position)
    }

    /// Notes why the saga stands still, or that nothing is wrong any more.
    pub(super) async fn note(&self, error: Option<&str>) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update saga_checkpoints set error = $2 where saga = $1 and error is distinct from $2",
        )
        .bind(self.saga)
        .bind(error)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn position(row: &sqlx::postgres::PgRow) -> Result<Position, sqlx::Error> {
    Ok(Position {
        first: row.try_get::<i64, _>("first")?.cast_unsigned(),
        second: row.try_get::<i64, _>("second")?.cast_unsigned(),
    })
}

fn fence(row: &sqlx::postgres::PgRow) -> Result<FencingToken, sqlx::Error> {
    Ok(FencingToken(row.try_get::<i64, _>("fence")?.cast_unsigned()))
}

/// How a saga is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SagaStatus {
    /// Its name.
    pub saga: String,
    /// The last event it has acted upon.
    pub position: Position,
    /// Why it stands still; none while it moves.
    pub error: Option<String>,
}

/// How every saga is, by name.
pub async fn statuses(pool: &PgPool) -> Result<Vec<SagaStatus>, sqlx::Error> {
    let rows = sqlx::query(
        "select saga, first, second, error from saga_checkpoints order by saga limit 100",
    )
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(SagaStatus {
                saga: row.try_get("saga")?,
                position: position(row)?,
                error: row.try_get("error")?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! A request that somebody is at, and what they say of it.
//!
//! Invariant: nothing is said by whoever was overtaken. Each statement names the command id and the fence.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::command_id::CommandId;
use tokio::time::sleep;

use super::keyed::Hash;
use super::{IdempotencyKeys, KeysError, TERM};

const RENEW_EVERY: Duration = Duration::from_millis(1250);
/// How long a key is kept past the time it matters until.
const KEPT_PAST: Duration = Duration::from_hours(24);

/// A request that somebody is at.
#[derive(Debug, Clone)]
pub struct Reservation {
    pub(super) scope: Hash,
    pub(super) key: String,
    pub(super) command_id: CommandId,
    pub(super) fence: i32,
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

impl Reservation {
    /// What everything the request makes is named after.
    pub const fn command_id(&self) -> CommandId {
        self.command_id
    }
}

impl IdempotencyKeys {
    /// Renews the lease for as long as it is polled.
    pub async fn renew(&self, reservation: &Reservation) -> Infallible {
        loop {
            sleep(RENEW_EVERY).await;
            let renewed = self
                .change(
                    "update idempotency_keys set lease_until = now() + make_interval(secs => $4)
                     where scope = $1 and command_id = $2 and fence = $3",
                    reservation,
                    |query| query.bind(TERM.as_secs_f64()),
                )
                .await;
            if let Err(error) = renewed {
                tracing::warn!(%error, "the lease of a request could not be renewed");
            }
        }
    }

    /// The key is kept for a day past this time, at least.
    pub async fn outlast(
        &self,
        reservation: &Reservation,
        at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let until = at + KEPT_PAST;
        self.change(
            "update idempotency_keys set expires_at = greatest(expires_at, $4)
             where scope = $1 and command_id = $2 and fence = $3",
            reservation,
            |query| query.bind(until),
        )
        .await?;
        Ok(())
    }

    /// Keeps the answer; false if somebody has taken the request over. Does not wait for the disk: an answer that
    /// is lost with the server is made again, and what was done is found by its name.
    pub async fn keep(&self, reservation: &Reservation, answer: &[u8]) -> Result<bool, KeysError> {
        let seal = self.sealer(&reservation.key)?;
        let sealed = seal.seal(&reservation.scope, answer).map_err(|_| KeysError::Sealing)?;
        let kept = self.change(
            "update idempotency_keys set answer = $4
             where scope = $1 and command_id = $2 and fence = $3
               and set_config('synchronous_commit', 'off', true) is not null",
            reservation,
            |query| query.bind(sealed),
        );
        Ok(kept.await?)
    }

    /// Nothing was done: the key is free, unless somebody had begun it before.
    pub async fn forget(&self, reservation: &Reservation) -> Result<(), sqlx::Error> {
        if reservation.command_id.is_repeat() {
            return self.release(reservation).await;
        }
        self.change(
            "delete from idempotency_keys where scope = $1 and command_id = $2 and fence = $3",
            reservation,
            |query| query,
        )
        .await?;
        Ok(())
    }

    /// What was done is not known: whoever asks again does it again, under the same command id.
    pub async fn release(&self, reservation: &Reservation) -> Result<(), sqlx::Error> {
        self.change(
            "update idempotency_keys set lease_until = '-infinity'
             where scope = $1 and command_id = $2 and fence = $3",
            reservation,
            |query| query,
        )
        .await?;
        Ok(())
    }

    /// Changes a record; false if somebody has taken the request over.
    async fn change(
        &self,
        statement: &'static str,
        reservation: &Reservation,
        bind: impl FnOnce(Query<'_>) -> Query<'_>,
    ) -> Result<bool, sqlx::Error> {
        let query = sqlx::query(statement)
            .bind(reservation.scope.to_vec())
            .bind(reservation.command_id.id())
            .bind(reservation.fence);
        Ok(bind(query).execute(&self.pool).await?.rows_affected() > 0)
    }
}

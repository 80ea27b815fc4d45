//! Work that one process does at a time.
//!
//! A lease is for order and economy. That nothing is done twice rests on expected versions and on
//! compare-and-set, so an owner that was paused past its lease does no harm when it wakes.

use domain::id::EngineId;
use sqlx::PgPool;

/// A dead owner's work is taken over after this long.
const SECONDS: f64 = 5.0;

/// Takes or renews the lease; false if another process has it.
pub(super) async fn acquire(
    pool: &PgPool,
    name: &str,
    owner: EngineId,
) -> Result<bool, sqlx::Error> {
    let held = sqlx::query(
        "insert into leases (name, owner, fence, expires_at)
         values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
         on conflict (name) do update set
             owner = excluded.owner,
             fence = leases.fence + (leases.owner <> excluded.owner)::int,
             expires_at = excluded.expires_at
         where leases.owner = excluded.owner or leases.expires_at < clock_timestamp()",
    )
    .bind(name)
    .bind(owner.0)
    .bind(SECONDS)
    .execute(pool)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// Gives the lease back, so that the next owner need not wait.
pub(super) async fn release(pool: &PgPool, name: &str, owner: EngineId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from leases where name = $1 and owner = $2")
        .bind(name)
        .bind(owner.0)
        .execute(pool)
        .await?;
    Ok(())
}

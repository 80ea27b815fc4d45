//! Records whose time is over are deleted, a batch at a time, so that no statement takes long.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::IdempotencyKeys;

const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// Records deleted in one statement.
const SWEPT_MAX: i64 = 1_000;

impl IdempotencyKeys {
    /// Deletes records whose time is over, until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(sleep(SWEEP_EVERY)).await.is_some() {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "old idempotency keys could not be deleted; will try again");
            }
        }
    }

    /// Deletes every record whose time is over, a batch at a time; answers how many there were.
    pub async fn sweep(&self) -> Result<u64, sqlx::Error> {
        let mut swept = 0;
        loop {
            let batch = sqlx::query(
                "delete from idempotency_keys where scope = any(array(
                     select scope from idempotency_keys where expires_at <= now()
                     order by expires_at limit $1 for update skip locked))",
            )
            .bind(SWEPT_MAX)
            .execute(&self.pool)
            .await?
            .rows_affected();
            swept += batch;
            if batch < SWEPT_MAX.cast_unsigned() {
                return Ok(swept);
            }
        }
    }
}

//! The log's monthly partitions, made ahead of time. There is no default partition to catch what a missing
//! one would refuse, so the appender makes one on the spot should this task ever have been late.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

const MONTHS_AHEAD: i32 = 3;
const LOOK_EVERY: Duration = Duration::from_hours(6);
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// Makes this month's partition and the next ones, where they are missing.
pub(super) async fn create(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("select create_event_partitions($1)").bind(MONTHS_AHEAD).execute(pool).await?;
    Ok(())
}

/// Keeps partitions ahead of time.
pub(super) async fn keep_ahead(pool: PgPool, shutdown: CancellationToken) {
    loop {
        let pause = match create(&pool).await {
            Ok(()) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "could not make the log's next partitions; will try again");
                RETRY_AFTER
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

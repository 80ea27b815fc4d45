//! Waiting for readers who see the database as it was.
//!
//! A transaction that reads at one moment finds a table that was exchanged meanwhile under its name, but of the new
//! one's rows it sees only those that were there at its moment: of a view still being built, half. So the exchange
//! waits until nobody is left whose moment lies before the new view was whole.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until the transactions that see the database as it is now, or was before, have ended. False if some have
/// not in this time.
pub(super) async fn end_within(pool: &PgPool, patience: Duration) -> Result<bool, sqlx::Error> {
    let deadline = Instant::now() + patience;
    let old: Vec<(i32, DateTime<Utc>)> = sqlx::query_as(
        "select pid, xact_start from pg_stat_activity
         where datname = current_database() and backend_type = 'client backend'
             and backend_xmin is not null and xact_start is not null and pid <> pg_backend_pid()",
    )
    .fetch_all(pool)
    .await?;
    let (pids, starts): (Vec<_>, Vec<_>) = old.into_iter().unzip();
    if pids.is_empty() {
        return Ok(true);
    }
    loop {
        let are_left: bool = sqlx::query_scalar(
            "select exists (
                 select from pg_stat_activity
                 join unnest($1::integer[], $2::timestamptz[]) as old (pid, xact_start)
                     using (pid, xact_start)
                 where backend_xmin is not null
             )",
        )
        .bind(&pids)
        .bind(&starts)
        .fetch_one(pool)
        .await?;
        if !are_left {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(LOOK_EVERY).await;
    }
}

//! What an operator should know of the log's database.

use sqlx::{PgPool, Row};

/// The state of the log's database.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// Such as 150018 for 15.18.
    pub server_version: i32,
    /// Whether a commit waits for the disk: `fsync` and `synchronous_commit` are on.
    pub is_durable: bool,
    /// Whether next month's events have a partition waiting.
    pub has_partitions_ahead: bool,
    /// How long the oldest transaction that has appended has been open. Readers do not see past it.
    pub oldest_transaction_seconds: f64,
    /// Whether the log holds transaction numbers this server has not reached: it was restored from a dump
    /// into a new cluster, and readers would miss new events.
    pub is_ahead_of_server: bool,
}

/// Looks.
pub async fn diagnose(pool: &PgPool) -> Result<Diagnosis, sqlx::Error> {
    let row = sqlx::query(
        "select current_setting('server_version_num')::int as server_version,
                current_setting('fsync') = 'on'
                    and current_setting('synchronous_commit') <> 'off' as is_durable,
                to_regclass('events_' || to_char(now() at time zone 'utc' + interval '1 month',
                                                 'YYYY_MM')) is not null as has_partitions_ahead,
                coalesce((select max(extract(epoch from clock_timestamp() - a.xact_start))
                          from pg_stat_activity a join pg_locks l using (pid)
                          where a.backend_xid is not null and l.granted
                            and l.relation = 'events'::regclass and l.mode = 'RowExclusiveLock'),
                         0)::float8 as oldest_transaction_seconds,
                coalesce((select transaction_id from events
                          order by transaction_id desc, position desc limit 1)
                         >= pg_snapshot_xmax(pg_current_snapshot()), false) as is_ahead_of_server",
    )
    .fetch_one(pool)
    .await?;
    Ok(Diagnosis {
        server_version: row.try_get("server_version")?,
        is_durable: row.try_get("is_durable")?,
        has_partitions_ahead: row.try_get("has_partitions_ahead")?,
        oldest_transaction_seconds: row.try_get("oldest_transaction_seconds")?,
        is_ahead_of_server: row.try_get("is_ahead_of_server")?,
    })
}

/// The server's version, such as `15.18`: the cheapest sign of life that tells something.
pub(super) async fn server_version(pool: &PgPool) -> Result<String, sqlx::Error> {
    let version: String =
        sqlx::query_scalar("select current_setting('server_version')").fetch_one(pool).await?;
    // Distributions add words of their own, such as "15.18 (Debian 15.18-0+deb12u1)".
    Ok(version.split_whitespace().next().unwrap_or_default().to_owned())
}

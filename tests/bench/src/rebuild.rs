//! A view built anew from the log, beside the fastest way to write rows into PostgreSQL.

mod history;

use std::sync::Arc;
use std::time::Instant;

use commands::event_log::postgres::PostgresLog;
use projections::messages::Messages;
use projections::projector::{Projection, Projector};

use crate::baseline::Baseline;
use crate::database::Database;
use crate::error::BenchError;
use crate::load::per_second;
use crate::report::Report;
use crate::settings::Settings;

/// Each reads the whole log once, so they are few and none warms up.
const ROUNDS: usize = 2;

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_rebuild").await?;
    let baseline = Baseline::prepare(settings, &database).await?;
    let open = database.open_log();
    let events = history::write(&open.log, settings.events).await?;
    // What autovacuum does by itself in a while, so that it does not happen to come in between.
    sqlx::query("vacuum analyze events, streams").execute(&database.pool).await?;
    for _ in 0..ROUNDS {
        let bulk = baseline.bulk(settings.time).await?;
        report.note("bulk_rows_per_second", bulk);
        let started = Instant::now();
        rebuild(&database, &open.log).await?;
        let rebuilt = per_second(events, started.elapsed());
        report.note("rebuild_events_per_second", rebuilt);
        report.note("rebuild_vs_bulk", rebuilt / bulk);
    }
    open.close().await;
    database.remove().await
}

/// Empties the view and lets its projection read the log from the beginning.
async fn rebuild(database: &Database, log: &Arc<PostgresLog>) -> Result<(), BenchError> {
    sqlx::query("truncate messages, message_counts, message_latencies")
        .execute(&database.pool)
        .await?;
    sqlx::query("delete from projection_checkpoints where projection = $1")
        .bind(Messages.name())
        .execute(&database.pool)
        .await?;
    let view: [Arc<dyn Projection>; 1] = [Arc::new(Messages)];
    Projector::new(log.clone(), database.pool.clone(), view).catch_up().await?;
    Ok(())
}

//! A view built anew from the log, beside the fastest way to write rows into PostgreSQL.

mod history;

use std::time::Instant;

use acceptance::process::{self, Environment};
use serde_json::Value;

use crate::baseline::Baseline;
use crate::database::Database;
use crate::error::BenchError;
use crate::load::per_second;
use crate::report::Report;
use crate::settings::Settings;

const VIEW: &str = "messages";
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
        let applied = rebuild(&database).await?;
        let rebuilt = per_second(events, started.elapsed());
        if u64::try_from(events) != Ok(applied) {
            return Err(BenchError::failed(format!("of {events} events {applied} were applied")));
        }
        report.note("rebuild_events_per_second", rebuilt);
        report.note("rebuild_vs_bulk", rebuilt / bulk);
    }
    open.close().await;
    database.remove().await
}

/// As an operator does it; engines could go on meanwhile. Answers how many events were applied.
async fn rebuild(database: &Database) -> Result<u64, BenchError> {
    let environment = Environment::from([("DATABASE_URL", database.url.clone())]);
    let verb = ["--output", "json", "projections", "rebuild", VIEW];
    let ended = process::run(&environment, &verb, "").await;
    if ended.status.success() {
        let rebuilt: Value = serde_json::from_slice(&ended.stdout)?;
        return Ok(rebuilt[0]["events"].as_u64().unwrap_or_default());
    }
    let complaint = String::from_utf8_lossy(&ended.stderr);
    Err(BenchError::failed(format!("the view could not be rebuilt: {}", complaint.trim())))
}

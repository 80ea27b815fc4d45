//! `heliograph projections list`

use chrono::{DateTime, Utc};
use domain::ports::event_log::EventLog;
use projections::build::register::BuildStatus;
use projections::projector::checkpoint::{self, ProjectionStatus};
use serde::Serialize;

use crate::cli::CliError;
use crate::cli::database::OpenLog;
use crate::cli::output::OutputFormat;

/// How far the log is read to see what a read model lacks.
const LAG_MAX: u16 = 1000;

/// A read model, and what it lacks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(flatten)]
    status: ProjectionStatus,
    /// Events of the log that are not in it yet, counted up to [`LAG_MAX`]; none if the log cannot be read there.
    lag_events: Option<usize>,
    /// Since when the first of these waits.
    lag_seconds: Option<f64>,
}

pub(super) async fn perform(output: OutputFormat) -> Result<(), CliError> {
    let log = OpenLog::open().await?;
    let statuses = checkpoint::statuses(&log.pool)
        .await
        .map_err(CliError::failed("the read models' checkpoints could not be read"))?;
    let mut listed = Vec::new();
    for status in statuses {
        listed.push(with_lag(&*log.log, status, log.executor.ambient().now()).await);
    }
    log.close().await;
    output.print(&listed, |listed| {
        if listed.is_empty() {
            return "No read model has started yet: run `heliograph serve`.".to_owned();
        }
        listed.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

async fn with_lag(log: &dyn EventLog, status: ProjectionStatus, now: DateTime<Utc>) -> Listed {
    let Ok(waiting) = log.read_all(status.position, LAG_MAX).await else {
        return Listed { status, lag_events: None, lag_seconds: None };
    };
    let age = |at: DateTime<Utc>| (now - at).as_seconds_f64().max(0.0);
    let lag_seconds = waiting.first().map_or(0.0, |first| age(first.recorded_at));
    Listed { status, lag_events: Some(waiting.len()), lag_seconds: Some(lag_seconds) }
}

fn line(listed: &Listed) -> String {
    let Listed { status, lag_events, lag_seconds } = listed;
    let lag = match (lag_events, lag_seconds) {
        (Some(0), _) => "level with the log".to_owned(),
        (Some(events), Some(seconds)) => {
            let or_more = if *events < usize::from(LAG_MAX) { "" } else { " or more" };
            format!("{events} events{or_more} behind, {seconds:.0} s")
        }
        _ => "behind".to_owned(),
    };
    let name = format!("{} v{}", status.name, status.version);
    let trouble = status.error.as_deref().unwrap_or("well");
    let build = status.build.as_ref().map(build).unwrap_or_default();
    format!(
        "{name:<20} at {:<20} {:>9} events  {lag}  {trouble}{build}",
        status.position, status.events_applied
    )
}

fn build(build: &BuildStatus) -> String {
    let BuildStatus { purpose, is_running, events_applied, events_per_second, .. } = build;
    if !is_running {
        return format!("; a {purpose} was interrupted: the next one begins anew");
    }
    let speed = events_per_second.map_or_else(String::new, |speed| format!(", {speed:.0}/s"));
    format!("; {purpose} under way: {events_applied} events{speed}")
}

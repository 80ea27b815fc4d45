//! `heliograph doctor`: what is wrong, and what to do about it.

use std::sync::Arc;

use commands::event_log::postgres::diagnosis::{self, Diagnosis};
use commands::sagas::{self, SagaStatus};
use domain::causes;
use domain::ports::waha::SessionGateway;
use domain::stream::Position;
use domain::waha_server::name::ServerName;
use projections::projector::checkpoint::{self, ProjectionStatus};
use serde::Serialize;
use sqlx::PgPool;

use super::output::OutputFormat;
use super::{CliError, database, environment};
use crate::ambient::SystemAmbient;
use crate::settings::{EventStoreSettings, Settings, WahaSettings};
use crate::{event_store, fleet, migrations};

/// Oldest server that is supported: 15.0.
const SERVER_VERSION_MIN: i32 = 150_000;
/// A transaction open this long holds up readers noticeably.
const TRANSACTION_SECONDS_MAX: f64 = 10.0;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    what: &'static str,
    is_well: bool,
    detail: String,
}

pub(super) async fn perform(output: OutputFormat) -> Result<(), CliError> {
    let mut findings = vec![settings()];
    match database::connect().await {
        Ok(pool) => {
            findings.extend(look_at_database(&pool).await);
            // What is wrong with the setting itself was told with the others.
            if let Ok(settings) = EventStoreSettings::read(environment) {
                findings.extend(look_at_event_store(&settings, &pool).await);
            }
        }
        Err(error) => findings.push(ill("database", &error)),
    }
    if let Ok(settings) = WahaSettings::read(environment) {
        findings.push(look_at_waha(&settings).await);
    }
    output.print(&findings, |findings| {
        let line = |finding: &Finding| {
            let mark = if finding.is_well { "ok  " } else { "FAIL" };
            format!("{mark}  {:<22} {}", finding.what, finding.detail)
        };
        findings.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    if findings.iter().all(|finding| finding.is_well) {
        return Ok(());
    }
    Err(CliError::Unwell("something needs attention: see FAIL above"))
}

fn settings() -> Finding {
    match Settings::read(environment) {
        Ok(_) => well("settings", "complete"),
        Err(errors) => ill("settings", &CliError::Settings(errors)),
    }
}

async fn look_at_database(pool: &PgPool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let missing = match migrations::states(pool).await {
        Ok(states) => states.iter().filter(|state| !state.is_applied).count(),
        Err(error) => return vec![ill("migrations", &error)],
    };
    if missing > 0 {
        let detail = format!("{missing} are missing: run `heliograph migrate run`");
        findings.push(Finding { what: "migrations", is_well: false, detail });
        return findings;
    }
    findings.push(well("migrations", "all applied"));
    match diagnosis::diagnose(pool).await {
        Ok(diagnosis) => findings.extend(judge_server(&diagnosis)),
        Err(error) => findings.push(ill("database", &error)),
    }
    findings.push(match checkpoint::statuses(pool).await {
        Ok(all) => moving("read models", all.iter().filter_map(explain)),
        Err(error) => ill("read models", &error),
    });
    findings.push(match sagas::statuses(pool).await {
        Ok(all) => moving("sagas", all.iter().filter_map(explain_saga)),
        Err(error) => ill("sagas", &error),
    });
    findings
}

/// Whether all that follow the log move, from what stops those that do not.
fn moving(what: &'static str, stopped: impl Iterator<Item = String>) -> Finding {
    let stopped: Vec<_> = stopped.collect();
    if stopped.is_empty() {
        return well(what, "none has stopped");
    }
    Finding { what, is_well: false, detail: stopped.join("; ") }
}

/// Why a read model stands still, and how it goes on; none if it moves.
fn explain(status: &ProjectionStatus) -> Option<String> {
    let standstill = standstill(&status.name, status.position, status.error.as_deref()?);
    Some(format!(
        "{standstill}: an event of a newer version needs that version of heliograph, a view changed by hand needs \
         `heliograph projections rebuild {}` (see docs/projections.md)",
        status.name
    ))
}

/// The same of a saga.
fn explain_saga(status: &SagaStatus) -> Option<String> {
    Some(standstill(&status.saga, status.position, status.error.as_deref()?))
}

fn standstill(name: &str, position: Position, error: &str) -> String {
    format!(
        "{name} stands still after {position}: {error}. It skips nothing, and goes on by itself within seconds once the \
         cause is gone"
    )
}

async fn look_at_event_store(settings: &EventStoreSettings, pool: &PgPool) -> Vec<Finding> {
    let mut findings = vec![match event_store::probe(settings, pool).await {
        Ok(what) => well("event store", &what),
        Err(error) => ill("event store", &error),
    }];
    if settings.address.is_none()
        && let Ok(diagnosis) = diagnosis::diagnose(pool).await
    {
        findings.extend(judge_log(&diagnosis));
    }
    findings
}

fn finding(what: &'static str, is_well: bool, well: String, fix: &str) -> Finding {
    Finding { what, is_well, detail: if is_well { well } else { fix.to_owned() } }
}

/// What matters of PostgreSQL, whatever is in it.
fn judge_server(diagnosis: &Diagnosis) -> [Finding; 2] {
    let version = diagnosis.server_version;
    [
        finding(
            "PostgreSQL",
            version >= SERVER_VERSION_MIN,
            format!("version {}.{}", version / 10_000, version % 10_000),
            "is too old: 15 or newer is needed",
        ),
        finding(
            "durability",
            diagnosis.is_durable,
            "commits wait for the disk".to_owned(),
            "set fsync = on and synchronous_commit = on: accepted messages can be lost",
        ),
    ]
}

/// What matters if the log is in it.
fn judge_log(diagnosis: &Diagnosis) -> [Finding; 3] {
    let seconds = diagnosis.oldest_transaction_seconds;
    [
        finding(
            "log partitions",
            diagnosis.has_partitions_ahead,
            "next month's is ready".to_owned(),
            "next month's is missing: `heliograph serve` makes it; check that its user may create tables",
        ),
        finding(
            "oldest append",
            seconds <= TRANSACTION_SECONDS_MAX,
            format!("{seconds:.0} s"),
            "a transaction that has appended is open for long and holds up every reader: see \
             pg_stat_activity, and set idle_in_transaction_session_timeout",
        ),
        finding(
            "transaction numbers",
            !diagnosis.is_ahead_of_server,
            "the log's are behind the server's".to_owned(),
            "the log was restored from a dump into a new cluster: readers would miss new events. \
             Restore with pg_basebackup instead, or advance the cluster with pg_resetwal -x",
        ),
    ]
}

async fn look_at_waha(settings: &WahaSettings) -> Finding {
    let client = match fleet::own(settings, Arc::new(SystemAmbient)) {
        Ok(client) => client,
        Err(error) => return ill("WAHA", &error),
    };
    match client.ping(&ServerName::default()).await {
        Ok(version) => well("WAHA", &format!("version {version} at {}", settings.base_url)),
        Err(error) => ill("WAHA", &error),
    }
}

fn well(what: &'static str, detail: &str) -> Finding {
    Finding { what, is_well: true, detail: detail.to_owned() }
}

fn ill(what: &'static str, error: &dyn std::error::Error) -> Finding {
    Finding { what, is_well: false, detail: causes::in_one_line(error) }
}

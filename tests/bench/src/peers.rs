//! Other event stores in Rust, each in a database of its own on the same server.
//!
//! They are a program of their own (`event-stores`), because they need other versions of the libraries we use.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::database::Database;
use crate::error::BenchError;
use crate::report::{Missing, Report};
use crate::round::Round;
use crate::settings::Settings;

/// An event store of others.
struct EventStore {
    /// As the program names it.
    name: &'static str,
    database: &'static str,
    key: &'static str,
    ratio_key: &'static str,
}

const ALL: [EventStore; 2] = [
    EventStore {
        name: "postgres-es",
        database: "bench_postgres_es",
        key: "postgres_es_per_second",
        ratio_key: "append_vs_postgres_es",
    },
    EventStore {
        name: "esrs",
        database: "bench_esrs",
        key: "esrs_per_second",
        ratio_key: "append_vs_esrs",
    },
];

/// The event stores of others, with their databases.
pub(crate) struct Peers(Vec<(EventStore, Database)>);

impl Peers {
    /// With empty databases; none if the program was not built.
    pub(crate) async fn prepare(settings: &Settings, report: &Report) -> Result<Self, BenchError> {
        let mut peers = Vec::new();
        for store in ALL {
            if program()?.is_file() {
                let database = Database::empty(settings, store.database).await?;
                peers.push((store, database));
            } else {
                let why =
                    "event-stores was not built: the messages of the build say why".to_owned();
                report.miss(&[store.key, store.ratio_key], &Missing::Skipped(why));
            }
        }
        Ok(Self(peers))
    }

    /// Appends of one event to new streams, by as many clients; `ours` is what we do with as many. One that
    /// fails is left out from then on.
    pub(crate) async fn measure(
        &mut self,
        clients: usize,
        ours: f64,
        round: Round,
        report: &Report,
    ) -> Result<(), BenchError> {
        for (store, database) in std::mem::take(&mut self.0) {
            let seconds = round.time.as_secs().max(1).to_string();
            let mut command = Command::new(program()?);
            command.args([store.name, &clients.to_string(), &seconds]);
            match told(command.env("DATABASE_URL", &database.url), "per_second").await {
                Ok(theirs) => {
                    round.note(report, store.key, theirs);
                    round.note(report, store.ratio_key, ours / theirs);
                    self.0.push((store, database));
                }
                Err(error) => {
                    let missing = Missing::Failed(error.chain());
                    report.miss(&[store.key, store.ratio_key], &missing);
                    database.remove().await?;
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn remove(self) -> Result<(), BenchError> {
        for (_, database) in self.0 {
            database.remove().await?;
        }
        Ok(())
    }
}

/// Beside this program.
fn program() -> Result<std::path::PathBuf, BenchError> {
    let ours = std::env::current_exe()?;
    Ok(ours.parent().unwrap_or(Path::new(".")).join("event-stores"))
}

/// Runs a program that prints one JSON object, and takes a number out of it.
pub(crate) async fn told(command: &mut Command, name: &str) -> Result<f64, BenchError> {
    let told = run(command).await?;
    told[name].as_f64().ok_or_else(|| BenchError::failed(format!("no {name} in {told}")))
}

/// Runs a program that prints one JSON object.
pub(crate) async fn run(command: &mut Command) -> Result<Value, BenchError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.kill_on_drop(true).output().await;
    let output =
        output.map_err(|source| BenchError::Program { program: program.clone(), source })?;
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout)?);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let mut lines = complaint.lines();
    let error = lines.find(|line| line.contains("rror")).unwrap_or(&complaint).trim();
    Err(BenchError::failed(format!("{program} ended with {}: {error}", output.status)))
}

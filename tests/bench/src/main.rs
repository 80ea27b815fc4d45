//! `make bench`: what Heliograph does, beside what PostgreSQL does by itself and what others do on it.
//!
//! ```text
//! scripts/bench --> server, programs --> main --> part by part: rounds --> report --> table, summary.json
//!                                                                              `--> docs/benchmarks.md
//! ```
//!
//! Every ratio is of figures taken in the same round on the same server, one right after the other. A part
//! that fails is told in the table and in the exit status, and the others go on.

mod access;
mod append;
mod baseline;
mod connection;
mod crowd;
mod database;
mod delivery;
mod error;
mod figures;
mod lives;
mod load;
mod machine;
mod memory;
mod messages;
mod part;
mod peers;
mod queues;
mod rebuild;
mod recovery;
mod report;
mod round;
mod send;
mod settings;
mod site;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::{JoinSet, LocalSet};

use error::BenchError;
use report::Report;
use settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("bench: {}", error.chain()));
            ExitCode::FAILURE
        }
    }
}

/// Measures; answers whether everything that could be measured was.
async fn run() -> Result<bool, BenchError> {
    let settings = Settings::read()?;
    let machine = machine::describe(&settings.server).await?;
    let report = Arc::new(Report::default());
    for part in settings.parts.clone() {
        let started = Instant::now();
        // In a task of its own, so that a panic of the part is its failure and nothing else.
        let (mut task, thread) = (JoinSet::new(), LocalSet::new());
        task.spawn_local_on(part.measure(settings.clone(), Arc::clone(&report)), &thread);
        let failure = match thread.run_until(task.join_next()).await {
            Some(Ok(Ok(()))) | None => None,
            Some(Ok(Err(error))) => Some(error.chain()),
            Some(Err(panic)) => Some(panic.to_string()),
        };
        if let Some(reason) = &failure {
            report.broke_off(part, reason);
        }
        let end = failure.map_or("measured".to_owned(), |reason| format!("FAILED, {reason}"));
        say(&format!("bench: {} {end}, in {} s", part.as_str(), started.elapsed().as_secs()));
    }
    let table = report.table(&settings.parts);
    let mut summary = serde_json::to_string_pretty(&report.summary())?;
    summary.push('\n');
    write(&settings, "summary.json", &summary)?;
    write(&settings, "report.md", &format!("{machine}\n{table}"))?;
    say(&format!("\n{machine}\n{table}"));
    Ok(report.is_complete())
}

fn write(settings: &Settings, name: &str, text: &str) -> Result<(), BenchError> {
    let path = settings.output.join(name);
    std::fs::write(&path, text).map_err(|source| BenchError::File { path, source })
}

/// Prints a line; nobody reads a closed pipe.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

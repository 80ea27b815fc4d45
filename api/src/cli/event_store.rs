//! `heliograph event-store`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use commands::codec;
use commands::event_log::contract::{self, EventStoreServer, Outcome, Scratch, Store, Verdict};
use domain::ports::Ambient;
use sqlx::postgres::PgConnectOptions;

use super::output::OutputFormat;
use super::{CliError, environment};
use crate::ambient::SystemAmbient;
use crate::migrations::MIGRATOR;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Put a store to every case of the event log's contract. Takes about a minute.
    ///
    /// An EventStoreDB may be in use meanwhile: the cases keep to streams of their own, which stay behind. On
    /// PostgreSQL they make a database of their own and drop it.
    Check {
        /// Such as `esdb://admin:changeit@localhost:2113?tls=false`, or a URL of PostgreSQL. Without it,
        /// `EVENT_STORE_URL` or else `DATABASE_URL`, which keeps the password out of the process list.
        #[arg(long)]
        url: Option<String>,
    },
    /// Write the JSON Schema of every stored event, and a page that lists them, into a directory.
    Schemas {
        /// The directory. It must be there.
        directory: PathBuf,
    },
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    match verb {
        Verb::Check { url } => perform_check(url, output).await,
        Verb::Schemas { directory } => write_schemas(&directory).map_err(CliError::failed(
            "the schemas could not be written: is there such a directory?",
        )),
    }
}

fn write_schemas(directory: &Path) -> std::io::Result<()> {
    let schemas = codec::schemas();
    std::fs::write(directory.join("README.md"), codec::index(&schemas))?;
    for codec::Schema { name, schema } in schemas {
        std::fs::write(directory.join(format!("{name}.json")), format!("{schema:#}\n"))?;
    }
    Ok(())
}

async fn perform_check(url: Option<String>, output: OutputFormat) -> Result<(), CliError> {
    let named = ["EVENT_STORE_URL", "DATABASE_URL"].into_iter().find_map(environment);
    let url = url.or(named).ok_or_else(|| {
        CliError::Input("there is no store to check: name one by --url or EVENT_STORE_URL".into())
    })?;
    let outcomes = if url.starts_with("postgres") {
        check_postgres(&url, output).await?
    } else {
        let address = url
            .parse()
            .map_err(|error| CliError::Input(format!("the URL of the event store {error}")))?;
        let server = EventStoreServer::new(address, SystemAmbient.new_id());
        check(Arc::new(server), output).await
    };
    output.print(&outcomes, |outcomes| summary(outcomes))?;
    if outcomes.iter().any(Outcome::is_failure) {
        return Err(CliError::Unwell("the store does not keep the contract: see FAIL above"));
    }
    Ok(())
}

async fn check_postgres(url: &str, output: OutputFormat) -> Result<Vec<Outcome>, CliError> {
    const FAILED: &str = "a database for the check could not be made";
    let options: PgConnectOptions = url.parse().map_err(CliError::failed(FAILED))?;
    let scratch = Scratch::make(options, &MIGRATOR, SystemAmbient.new_id())
        .await
        .map_err(CliError::failed(FAILED))?;
    let scratch = Arc::new(scratch);
    let outcomes = check(Arc::clone(&scratch) as Arc<dyn Store>, output).await;
    scratch.remove().await.map_err(CliError::failed("the check's database is still there"))?;
    Ok(outcomes)
}

/// For people, each outcome is printed when it is there.
async fn check(store: Arc<dyn Store>, output: OutputFormat) -> Vec<Outcome> {
    let tell = |outcome: &Outcome| {
        if output == OutputFormat::Text {
            // Should nobody read them, the last line's failure tells.
            let _ = writeln!(std::io::stdout(), "{outcome}");
        }
    };
    contract::check(store, Arc::new(SystemAmbient), tell).await
}

fn summary(outcomes: &[Outcome]) -> String {
    let count = |is_meant: fn(&Verdict) -> bool| {
        outcomes.iter().filter(|outcome| is_meant(&outcome.verdict)).count()
    };
    format!(
        "{} cases: {} passed, {} failed, {} skipped.",
        outcomes.len(),
        count(|verdict| matches!(verdict, Verdict::Passed)),
        count(|verdict| matches!(verdict, Verdict::Failed(_))),
        count(|verdict| matches!(verdict, Verdict::Skipped(_)))
    )
}

//! `heliograph queue`

use std::sync::Arc;

use clap::Subcommand;
use commands::leases::PostgresLeases;
use commands::sagas::Process;
use commands::sagas::delivery::DeliverySaga;
use domain::id::EngineId;
use serde::Serialize;

use super::database::OpenLog;
use super::output::OutputFormat;
use super::{CliError, environment};
use crate::ambient::SystemAmbient;
use crate::serve;
use crate::settings::{DeliverySettings, WahaSettings};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Deliver every message that may go now, and stop. Safe beside running engines.
    Process,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Processed {
    attempted: u64,
}

pub(super) async fn perform(verb: Verb, output: OutputFormat) -> Result<(), CliError> {
    let Verb::Process = verb;
    let waha = WahaSettings::read(environment).map_err(CliError::Settings)?;
    let delivery = DeliverySettings::read(environment).map_err(CliError::Settings)?;
    let gateway = serve::waha_client(&waha, Arc::new(SystemAmbient))
        .map_err(CliError::failed("the settings make no WAHA client"))?;
    let log = OpenLog::open().await?;
    let engine = EngineId(log.executor.ambient().new_id());
    let leases = Arc::new(PostgresLeases::new(log.pool.clone(), engine));
    let process = Process {
        pool: log.pool.clone(),
        executor: log.executor.clone(),
        engine,
        leases: leases.clone(),
    };
    let saga =
        DeliverySaga::new(&process, gateway.clone(), gateway, serve::delivery_options(&delivery));
    let attempted = saga.process_due().await;
    // Another process takes over at once, whatever came of it here.
    leases.release_all().await.map_err(CliError::failed("leases could not be given back"))?;
    let attempted = attempted.map_err(CliError::failed("the queue could not be worked on"))?;
    log.close().await;
    output.print(&Processed { attempted }, |done| format!("Attempted {} messages.", done.attempted))
}

//! `heliograph queue process`

use std::sync::Arc;

use commands::leases::PostgresLeases;
use commands::sagas::Process;
use commands::sagas::delivery::DeliverySaga;
use commands::waha_servers::WahaServers;
use domain::id::EngineId;
use serde::Serialize;

use super::super::database::OpenLog;
use super::super::output::OutputFormat;
use super::super::{CliError, environment};
use crate::ambient::SystemAmbient;
use crate::settings::{DeliverySettings, WahaSettings};
use crate::{fleet, serve};

/// What was done.
#[derive(Debug, Serialize)]
struct Processed {
    attempted: u64,
}

pub(super) async fn process(output: OutputFormat) -> Result<(), CliError> {
    let waha = WahaSettings::read(environment).map_err(CliError::Settings)?;
    let delivery = DeliverySettings::read(environment).map_err(CliError::Settings)?;
    let log = OpenLog::open().await?;
    let servers = WahaServers::new(log.pool.clone(), log.executor.clone());
    let gateway = fleet::fleet(&waha, servers, Arc::new(SystemAmbient))
        .map_err(CliError::failed("the settings make no WAHA client"))?;
    let engine = EngineId(log.executor.ambient().new_id());
    let leases = Arc::new(PostgresLeases::new(log.pool.clone(), engine));
    let process = Process {
        pool: log.pool.clone(),
        executor: log.executor.clone(),
        engine,
        leases: leases.clone(),
    };
    let saga = DeliverySaga::new(&process, gateway, serve::delivery_options(&delivery));
    let attempted = saga.process_due().await;
    // Another process takes over at once, whatever came of it here.
    leases.release_all().await.map_err(CliError::failed("leases could not be given back"))?;
    let attempted = attempted.map_err(CliError::failed("the queue could not be worked on"))?;
    log.close().await;
    output.print(&Processed { attempted }, |done| format!("Attempted {} messages.", done.attempted))
}

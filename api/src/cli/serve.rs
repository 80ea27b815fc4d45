//! `heliograph serve`

use std::io::Write;

use commands::connections::trusting;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

use super::{CliError, database, environment};
use crate::roles::Roles;
use crate::serve::{self, Engine};
use crate::settings::Settings;
use crate::{event_store, logging};

pub(super) async fn perform(roles: &Roles) -> Result<(), CliError> {
    let settings = Settings::read(environment).map_err(CliError::Settings)?;
    logging::start(&settings.log);
    let engine = start(&settings, roles).await?;
    serve::until_told_to_stop().await;
    engine.stop().await;
    Ok(())
}

/// Starts the engine and says where it is.
pub(super) async fn start(settings: &Settings, roles: &Roles) -> Result<Engine, CliError> {
    let options = PgPoolOptions::new()
        .max_connections(serve::CONNECTIONS_MAX)
        .acquire_timeout(serve::ACQUIRE_TIMEOUT);
    let pool = trusting(options)
        .connect_with(settings.database.connect_options())
        .await
        .map_err(CliError::failed("the database cannot be reached: check DATABASE_URL"))?;
    database::require_migrated(&pool).await?;
    event_store::probe(&settings.event_store, &pool)
        .await
        .map_err(CliError::failed(database::EVENT_STORE_FAILED))?;
    let listener = TcpListener::bind(settings.http.listen).await.map_err(CliError::failed(
        "the port cannot be listened on: is it taken? set PORT to another",
    ))?;
    let engine = Engine::start(settings, pool, listener, roles)
        .map_err(CliError::failed("the engine could not start"))?;
    writeln!(std::io::stderr(), "heliograph listens on http://{}", engine.address())
        .map_err(CliError::failed("standard error is closed"))?;
    Ok(engine)
}

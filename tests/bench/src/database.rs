//! Databases of the run's own, on its one server.

use std::sync::Arc;

use commands::event_log::postgres::PostgresLog;
use heliograph::settings::DatabaseSettings;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::BenchError;
use crate::settings::Settings;

/// A database of the run's own.
pub(crate) struct Database {
    pub(crate) pool: PgPool,
    /// Its address, with the password in it.
    pub(crate) url: String,
    name: &'static str,
    server: String,
}

/// The log, as the engine opens it.
pub(crate) struct OpenLog {
    pub(crate) log: Arc<PostgresLog>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Database {
    /// A new one as `heliograph migrate run` leaves it, reached as `heliograph serve` does.
    pub(crate) async fn migrated(
        settings: &Settings,
        name: &'static str,
    ) -> Result<Self, BenchError> {
        let database = Self::empty(settings, name).await?;
        heliograph::migrations::run(&database.pool).await?;
        Ok(database)
    }

    /// A new one with nothing in it.
    pub(crate) async fn empty(settings: &Settings, name: &'static str) -> Result<Self, BenchError> {
        let server = settings.server.clone();
        remove(&server, name).await?;
        let create = AssertSqlSafe(format!("create database {name}"));
        sqlx::query(create).execute(&mut PgConnection::connect(&server).await?).await?;
        let (before, _) = server.rsplit_once('/').unwrap_or_default();
        let url = format!("{before}/{name}");
        let as_set =
            DatabaseSettings::read(|variable| (variable == "DATABASE_URL").then(|| url.clone()))
                .map_err(|errors| BenchError::failed(format!("{errors:?}")))?;
        let pool = PgPoolOptions::new()
            .max_connections(heliograph::serve::CONNECTIONS_MAX)
            .acquire_timeout(heliograph::serve::ACQUIRE_TIMEOUT)
            .connect_with(as_set.connect_options())
            .await?;
        Ok(Self { pool, url, name, server })
    }

    /// Its log.
    pub(crate) fn open_log(&self) -> OpenLog {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let log = PostgresLog::open(self.pool.clone(), &tasks, &shutdown);
        OpenLog { log, tasks, shutdown }
    }

    /// Removes it: what was measured in it is known.
    pub(crate) async fn remove(self) -> Result<(), BenchError> {
        self.pool.close().await;
        remove(&self.server, self.name).await
    }
}

impl OpenLog {
    pub(crate) async fn close(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Removes a database, and ends what a killed engine still does in it. (Not `with (force)`: that may not end
/// autovacuum's work, which plain removal does.)
async fn remove(server: &str, name: &str) -> Result<(), BenchError> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = $1 and usename = current_user",
    )
    .bind(name)
    .execute(&mut connection)
    .await?;
    let drop = AssertSqlSafe(format!("drop database if exists {name}"));
    sqlx::query(drop).execute(&mut connection).await?;
    Ok(())
}

//! The database and the log, for verbs that are done in a moment.

use std::sync::Arc;
use std::time::Duration;

use commands::executor::Executor;
use domain::ports::event_log::{Actor, EventLog, Metadata};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{CliError, environment};
use crate::ambient::SystemAmbient;
use crate::settings::{DatabaseSettings, EventStoreSettings};
use crate::{event_store, migrations};
use commands::accounts::Accounts;
use commands::passwords::{PasswordError, Passwords};

pub(super) const EVENT_STORE_FAILED: &str = "the event store cannot be used: check EVENT_STORE_URL";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECTIONS_MAX: u32 = 8;

/// Connects to the database that the environment names.
pub(super) async fn connect() -> Result<PgPool, CliError> {
    let settings = DatabaseSettings::read(environment).map_err(CliError::Settings)?;
    PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(CONNECT_TIMEOUT)
        .connect_with(settings.connect_options())
        .await
        .map_err(CliError::failed("the database cannot be reached: check DATABASE_URL"))
}

/// The log of a migrated database, open for a while.
pub(super) struct OpenLog {
    pub(super) pool: PgPool,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) executor: Executor,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl OpenLog {
    pub(super) async fn open() -> Result<Self, CliError> {
        let pool = connect().await?;
        require_migrated(&pool).await?;
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let settings = EventStoreSettings::read(environment).map_err(CliError::Settings)?;
        let log = event_store::open(&settings, pool.clone(), &tasks, &shutdown)
            .map_err(CliError::failed(EVENT_STORE_FAILED))?;
        let executor = Executor::new(Arc::clone(&log), Arc::new(SystemAmbient));
        Ok(Self { pool, log, executor, tasks, shutdown })
    }

    /// Makes tenants and users.
    pub(super) fn accounts(&self) -> Result<Accounts, PasswordError> {
        Ok(Accounts::new(self.pool.clone(), self.executor.clone(), Passwords::new()?))
    }

    /// On behalf of whoever sits at the command line.
    pub(super) fn metadata(&self) -> Metadata {
        let correlation_id = self.executor.ambient().new_id();
        Metadata::new(Actor::Operator, correlation_id)
    }

    pub(super) async fn close(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.pool.close().await;
    }
}

/// Refuses a database that lacks migrations, naming the verb that applies them.
pub(super) async fn require_migrated(pool: &PgPool) -> Result<(), CliError> {
    let states = migrations::states(pool)
        .await
        .map_err(CliError::failed("the database's migrations cannot be read"))?;
    if states.iter().all(|state| state.is_applied) {
        return Ok(());
    }
    Err(CliError::Input("the database lacks migrations: run `heliograph migrate run` first".into()))
}

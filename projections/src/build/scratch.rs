//! A view under construction: its schema, and the one connection that builds in it.

use std::sync::Arc;

use domain::stream::Position;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::register::{self, LOCK_CLASS, Purpose};
use super::{BuildError, shape};
use crate::projector::{Projection, checkpoint};

/// What is built can be built again, so nothing waits for the disk. Index builds and comparisons may take their
/// time, but not if the process is gone.
const SETTINGS: &str = "
    set application_name = 'heliograph projections';
    set synchronous_commit = off;
    set maintenance_work_mem = '64MB';
    set work_mem = '64MB';
    set statement_timeout = 0;
    set idle_session_timeout = 0;
    set client_connection_check_interval = '1s';";

/// A connection to build with.
pub(super) async fn connect(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
    Ok(connection)
}

/// A view under construction.
pub(super) struct Scratch {
    pub(super) connection: PgConnection,
    /// The connection's process.
    pub(super) backend: i32,
    pub(super) projection: Arc<dyn Projection>,
    /// Where it is built.
    pub(super) schema: String,
    /// Where the live view is.
    pub(super) live_schema: String,
    /// Its id in the register.
    pub(super) id: Uuid,
    /// The last event applied.
    pub(super) position: Position,
    /// Events applied.
    pub(super) events: u64,
}

impl Scratch {
    /// Makes the tables, empty, in a schema of their own. What an earlier build left behind is dropped.
    pub(super) async fn open(
        pool: &PgPool,
        projection: Arc<dyn Projection>,
        purpose: Purpose,
    ) -> Result<Self, BuildError> {
        let name = projection.name();
        checkpoint::read(pool, name).await?;
        let mut connection = connect(pool).await?;
        let (is_ours, backend, live_schema): (bool, i32, String) = sqlx::query_as(
            "select pg_try_advisory_lock($1, hashtext($2)), pg_backend_pid(), current_schema()::text",
        )
        .bind(LOCK_CLASS)
        .bind(name)
        .fetch_one(&mut connection)
        .await?;
        if !is_ours {
            return Err(BuildError::UnderWay(name));
        }

        let mut transaction = connection.begin().await?;
        if let Some(schema) = register::left_behind(&mut transaction, name).await? {
            run(&mut transaction, format!("drop schema if exists {} cascade", quoted(&schema)))
                .await?;
        }
        let schema = match purpose {
            Purpose::Rebuild => {
                format!("{name}_v{}", checkpoint::live(pool, name).await?.version + 1)
            }
            Purpose::Verify => format!("{name}_verify"),
        };
        let id = register::enter(&mut transaction, name, purpose, &schema).await?;
        let (new, live) = (quoted(&schema), quoted(&live_schema));
        run(
            &mut transaction,
            format!("create schema {new}; set local search_path = {new}, {live}"),
        )
        .await?;
        for statements in projection.definition() {
            sqlx::raw_sql(*statements).execute(&mut *transaction).await?;
        }
        shape::check(&mut transaction, name, &schema, &live_schema).await?;
        transaction.commit().await?;

        // From here on it can write nowhere else.
        run(&mut connection, format!("set search_path = {new}")).await?;
        let (position, events) = (Position::START, 0);
        Ok(Self { connection, backend, projection, schema, live_schema, id, position, events })
    }

    /// Ends the build. What was not done is dropped; if that fails too, the next build does it.
    pub(super) async fn close(mut self, is_done: bool) {
        if !is_done && let Err(error) = self.discard().await {
            let name = self.projection.name();
            tracing::warn!(
                projection = name,
                schema = self.schema,
                %error,
                "a build of {name} is left behind; the next one drops it"
            );
        }
        // Gone anyway if it cannot be closed.
        let _ = self.connection.close().await;
    }

    async fn discard(&mut self) -> Result<(), BuildError> {
        let path = format!("set search_path = {}", quoted(&self.live_schema));
        run(&mut self.connection, path).await?;
        let mut transaction = self.connection.begin().await?;
        register::leave(&mut transaction, self.id).await?;
        run(&mut transaction, format!("drop schema {} cascade", quoted(&self.schema))).await?;
        Ok(transaction.commit().await?)
    }
}

/// Tells a connection's process to stop what it is at.
pub(super) async fn cancel(pool: &PgPool, backend: i32) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_cancel_backend($1)").bind(backend).execute(pool).await?;
    Ok(())
}

/// Runs statements whose names come from the database's own catalogue, quoted.
pub(super) async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// A name, as an identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

//! A PostgreSQL, put to the cases: in a database of their own, made before and dropped after.

use std::sync::Arc;

use async_trait::async_trait;
use domain::causes;
use domain::ports::event_log::EventLog;
use domain::stream::StreamName;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::stage::Failure;
use super::store::{Store, Way};
use crate::event_log::postgres::PostgresLog;

const CONNECTIONS_MAX: u32 = 8;

/// A database of the cases' own.
pub struct Scratch {
    server: PgPool,
    name: String,
    options: PgConnectOptions,
}

impl Scratch {
    /// Makes a database beside the one that the options name, and migrates it.
    pub async fn make(
        options: PgConnectOptions,
        migrations: &Migrator,
        run: Uuid,
    ) -> Result<Self, MigrateError> {
        let server = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        let name = format!("heliograph_contract_{}", run.simple());
        // A name cannot be bound; this one is hexadecimal.
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}"))).execute(&server).await?;
        let options = options.database(&name);
        let scratch = Self { server, name, options };
        let migrated = migrations.run(&connect(scratch.options.clone())).await;
        if let Err(error) = migrated {
            scratch.remove().await?;
            return Err(error);
        }
        Ok(scratch)
    }

    /// Drops the database, whoever may still be connected to it.
    pub async fn remove(&self) -> Result<(), sqlx::Error> {
        let statement = format!("drop database if exists {} with (force)", self.name);
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&self.server).await?;
        Ok(())
    }
}

fn connect(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(CONNECTIONS_MAX).connect_lazy_with(options)
}

#[async_trait]
impl Store for Scratch {
    fn open(
        &self,
        way: Way,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Arc<dyn EventLog>, Failure> {
        let options = match way {
            Way::Direct => self.options.clone(),
            Way::Through(relay) => {
                self.options.clone().host(&relay.ip().to_string()).port(relay.port())
            }
            Way::AsNobody => self.options.clone().password("wrong"),
        };
        Ok(PostgresLog::open(connect(options), tasks, shutdown))
    }

    fn server(&self) -> Result<String, Failure> {
        Ok(format!("{}:{}", self.options.get_host(), self.options.get_port()))
    }

    async fn append_unknown(&self, stream: StreamName, event_type: &str) -> Result<(), Failure> {
        let inserted = sqlx::query(
            "insert into events (tenant_id, category, stream_id, version, event_id, event_type,
                                 schema_version, data, metadata)
             select tenant_id, category, stream_id, version + 1, gen_random_uuid(), $2, 1, data, metadata
             from events where stream_id = $1 order by version desc limit 1",
        )
        .bind(stream.id)
        .bind(event_type)
        .execute(&connect(self.options.clone()))
        .await;
        inserted.map(drop).map_err(|error| Failure::Broken(causes::in_one_line(&error)))
    }

    async fn append_foreign(&self, _: StreamName, _: usize) -> Result<(), Failure> {
        Err(Failure::Skipped("nobody else keeps events in our table"))
    }
}

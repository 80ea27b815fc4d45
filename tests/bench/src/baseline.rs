//! What PostgreSQL does by itself: the figures ours are held against.
//!
//! Rows, columns and indexes are those of `events`, in a table that is not partitioned and with nothing else
//! written: no stream whose version is checked. So an append of ours does more than the baseline does.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use commands::codec;
use domain::event::Event;
use domain::message::event::Event as MessageEvent;
use sqlx::PgPool;
use tokio::process::Command;

use crate::database::Database;
use crate::error::BenchError;
use crate::load::per_second;
use crate::messages::{Owner, metadata, new_id};
use crate::settings::Settings;

/// Clients of pgbench: with more, this machine's figures do not grow.
const CLIENTS: &str = "32";
/// Rows in one statement of the bulk insert.
const BULK_ROWS: usize = 1000;

const TABLE: &str =
    "create table baseline_events (like events including defaults including indexes)";

/// The ids are random: version 7, which `events` has, is not PostgreSQL's to make before version 18.
const SINGLE_ROW: &str = "\
insert into baseline_events
    (tenant_id, category, stream_id, version, event_id, event_type, schema_version, data, metadata)
values ('00000000-0000-7000-8000-000000000001', 'message', gen_random_uuid(), 1, gen_random_uuid(),
    'message_queued', 1, :data, :metadata);
";

const BULK: &str = "
insert into baseline_events
    (tenant_id, category, stream_id, version, event_id, event_type, schema_version, data, metadata)
select tenant_id, 'message', stream_id, 1, event_id, 'message_queued', 1, data::json, metadata::json
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
    as e (tenant_id, stream_id, event_id, data, metadata)
";

/// The table of the baseline, and what is written into it.
pub(crate) struct Baseline {
    pool: PgPool,
    url: String,
    script: PathBuf,
    data: String,
    metadata: String,
}

impl Baseline {
    /// In this database, beside the log.
    pub(crate) async fn prepare(
        settings: &Settings,
        database: &Database,
    ) -> Result<Self, BenchError> {
        sqlx::query(TABLE).execute(&database.pool).await?;
        let script = settings.output.join("single-row.sql");
        std::fs::write(&script, SINGLE_ROW)
            .map_err(|source| BenchError::File { path: script.clone(), source })?;
        let event = Event::Message(MessageEvent::Queued(Owner::nobody().queued(0)?));
        Ok(Self {
            pool: database.pool.clone(),
            url: database.url.clone(),
            script,
            data: codec::encode(&event)?.data,
            metadata: serde_json::to_string(&metadata())?,
        })
    }

    /// Single rows per second, as pgbench writes them with statements prepared once.
    pub(crate) async fn pgbench(&self, time: Duration) -> Result<f64, BenchError> {
        let mut command = Command::new("pgbench");
        command.args(["--no-vacuum", "--protocol", "prepared", "--client", CLIENTS, "--jobs", "2"]);
        command.arg("--time").arg(time.as_secs().max(1).to_string());
        command.arg("--define").arg(format!("data={}", self.data));
        command.arg("--define").arg(format!("metadata={}", self.metadata));
        command.arg("--file").arg(&self.script).arg(&self.url);
        let program = || "pgbench".to_owned();
        let output = command
            .output()
            .await
            .map_err(|source| BenchError::Program { program: program(), source })?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let tps = printed.lines().find_map(|line| line.strip_prefix("tps = "));
        tps.and_then(|rest| rest.split(' ').next()?.parse().ok()).ok_or_else(|| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            BenchError::failed(format!("pgbench told no tps: {}", complaint.trim()))
        })
    }

    /// Rows per second, a thousand in a statement and one statement after the other.
    pub(crate) async fn bulk(&self, time: Duration) -> Result<f64, BenchError> {
        let tenants = vec![new_id(); BULK_ROWS];
        let (data, metadata) = (vec![&*self.data; BULK_ROWS], vec![&*self.metadata; BULK_ROWS]);
        let mut connection = self.pool.acquire().await?;
        let started = Instant::now();
        let mut rows = 0;
        while started.elapsed() < time {
            let ids = || (0..BULK_ROWS).map(|_| new_id()).collect::<Vec<_>>();
            let insert = sqlx::query(BULK).bind(&tenants).bind(ids()).bind(ids());
            insert.bind(&data).bind(&metadata).execute(&mut *connection).await?;
            rows += BULK_ROWS;
        }
        Ok(per_second(rows, started.elapsed()))
    }
}

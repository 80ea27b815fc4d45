//! Appends through the port and commands through the executor, beside pgbench and other event stores.
//!
//! Every append is one event to a new stream; every command is the next step in the life of a message that
//! is in the log already.

use std::sync::Arc;
use std::time::Duration;

use commands::event_log::postgres::PostgresLog;

use crate::baseline::Baseline;
use crate::database::Database;
use crate::error::BenchError;
use crate::lives;
use crate::load::{Load, press};
use crate::messages::Owner;
use crate::peers::Peers;
use crate::report::Report;
use crate::round::Round;
use crate::settings::Settings;

/// How many callers, and the figures of theirs.
const CALLERS: [(usize, &str, &str); 4] = [
    (1, "append_1_per_second", "append_1_vs_pgbench"),
    (32, "append_32_per_second", "append_32_vs_pgbench"),
    (64, "append_64_per_second", "append_64_vs_pgbench"),
    (256, "append_256_per_second", "append_256_vs_pgbench"),
];
/// As many callers as the peers have.
const CALLERS_OF_PEERS: usize = 32;
const CALLERS_OF_COMMANDS: usize = 256;

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_append").await?;
    let baseline = Baseline::prepare(settings, &database).await?;
    let open = database.open_log();
    let mut peers = Peers::prepare(settings, report).await?;
    for round in Round::all(settings) {
        let pgbench = baseline.pgbench(round.time).await?;
        round.note(report, "pgbench_tps", pgbench);
        let mut beside_peers = f64::NAN;
        for (callers, key, ratio_key) in CALLERS {
            let appends = appends(&open.log, callers, round.time).await?.per_second();
            round.note(report, key, appends);
            round.note(report, ratio_key, appends / pgbench);
            if callers == CALLERS_OF_PEERS {
                beside_peers = appends;
            }
        }
        let commands = lives::press(&open.log, CALLERS_OF_COMMANDS, round.time).await?.per_second();
        round.note(report, "command_256_per_second", commands);
        round.note(report, "command_256_vs_pgbench", commands / pgbench);
        peers.measure(CALLERS_OF_PEERS, beside_peers, round, report).await?;
    }
    peers.remove().await?;
    open.close().await;
    database.remove().await
}

async fn appends(
    log: &Arc<PostgresLog>,
    callers: usize,
    time: Duration,
) -> Result<Load, BenchError> {
    let owner = Owner::nobody();
    let queued = owner.queued(0)?;
    let callers = vec![(Arc::clone(log), queued); callers];
    press(callers, time, move |(log, queued)| async move {
        owner.append_queued(&log, queued.clone()).await?;
        Ok((log, queued))
    })
    .await
}

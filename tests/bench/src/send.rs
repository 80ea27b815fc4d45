//! `POST /messages/send` over HTTP: real tokens, the real process with all its parts, WAHA at its side.
//!
//! Sessions send at the pace that is the default, so what is measured is accepting; views and sagas follow
//! meanwhile, on the same machine.

mod connection;

use crate::baseline::Baseline;
use crate::database::Database;
use crate::error::BenchError;
use crate::load::{Load, press};
use crate::report::Report;
use crate::round::Round;
use crate::settings::Settings;
use crate::site::{Sender, Site};
use connection::Connection;

const TENANTS: usize = 8;
const CONNECTIONS: usize = 64;
/// The default of the product.
const RATE_PER_MINUTE: u32 = 20;

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_send").await?;
    let baseline = Baseline::prepare(settings, &database).await?;
    let site = Site::start(&database, RATE_PER_MINUTE).await?;
    let senders = site.senders(TENANTS, 1).await?;
    for round in Round::all(settings) {
        let pgbench = baseline.pgbench(round.time).await?;
        let sends = sends(&site, &senders, round).await?;
        round.note(report, "http_send_per_second", sends.per_second());
        round.note(report, "http_send_vs_pgbench", sends.per_second() / pgbench);
        round.note(report, "http_send_p50_ms", sends.percentile_ms(50));
        round.note(report, "http_send_p99_ms", sends.percentile_ms(99));
        site.settled().await?;
    }
    site.end().await;
    database.remove().await
}

async fn sends(site: &Site, senders: &[Sender], round: Round) -> Result<Load, BenchError> {
    let mut connections = Vec::new();
    for (place, sender) in senders.iter().cycle().take(CONNECTIONS).enumerate() {
        connections.push(Connection::open(site.port.address(), sender, place).await?);
    }
    press(connections, round.time, Connection::send).await
}

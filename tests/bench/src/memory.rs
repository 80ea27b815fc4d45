//! Memory of the engine's process: idle, and with a million messages queued.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{interval, sleep};

use crate::database::{Database, OpenLog};
use crate::delivery;
use crate::error::BenchError;
use crate::messages::Owner;
use crate::report::{Missing, Report};
use crate::settings::{EVENTS_DEFAULT, Settings};
use crate::site::Site;

const TENANTS: usize = 8;
/// One a minute: they stay queued.
const RATE_PER_MINUTE: u32 = 1;
/// How long an engine without work is left alone before its memory is looked at.
const IDLE_FOR: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_memory").await?;
    let open = database.open_log();
    let site = Site::start(&database, RATE_PER_MINUTE).await?;
    let senders = site.senders(TENANTS, 1).await?;
    sleep(IDLE_FOR).await;
    report.note("idle_rss_mb", site.memory_mb().await?);
    let owners: Vec<_> = senders.iter().map(|sender| sender.owner).collect();
    let peak = queue(&site, &open, &owners, settings.events).await?;
    if settings.events < EVENTS_DEFAULT {
        let why = format!("only {} were queued", settings.events);
        report.miss(&["queued_1m_rss_mb", "queued_1m_peak_mb"], &Missing::Skipped(why));
    } else {
        report.note("queued_1m_rss_mb", site.memory_mb().await?);
        report.note("queued_1m_peak_mb", peak);
    }
    open.close().await;
    site.end().await;
    database.remove().await
}

/// Queues messages and waits until views and sagas know them; answers the most memory the engine had in use.
async fn queue(
    site: &Site,
    open: &OpenLog,
    owners: &[Owner],
    count: usize,
) -> Result<f64, BenchError> {
    let mut queued = pin!(async {
        delivery::queue(&open.log, owners, count, count).await?;
        site.settled().await
    });
    let (mut peak, mut looks) = (0.0_f64, interval(LOOK_EVERY));
    loop {
        tokio::select! {
            done = &mut queued => return done.map(|()| peak),
            _ = looks.tick() => peak = peak.max(site.memory_mb().await?),
        }
    }
}

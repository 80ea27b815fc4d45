//! One tenant queues 100,000 messages; how soon do another's come to WAHA?
//!
//! Pacing is off, so nothing but fairness keeps the long queue from being in the way. The clock starts when the
//! saga has taken all of it in: until then, whatever comes later in the log waits.

use std::time::Instant;

use crate::database::Database;
use crate::delivery;
use crate::error::BenchError;
use crate::load::per_second;
use crate::report::Report;
use crate::settings::Settings;
use crate::site::Site;

/// What the one tenant queues.
const QUEUED: usize = 100_000;
/// Sessions of the one tenant.
const SESSIONS: usize = 4;
const CHATS_OF_A_SESSION: usize = 10_000;
const UNPACED: u32 = 0;

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_crowd").await?;
    let open = database.open_log();
    let site = Site::start(&database, UNPACED).await?;
    let crowd = site.senders(1, SESSIONS).await?;
    let other = site.senders(1, 1).await?;
    let owners: Vec<_> = crowd.iter().map(|sender| sender.owner).collect();
    let started = Instant::now();
    delivery::queue(&open.log, &owners, QUEUED, CHATS_OF_A_SESSION).await?;
    site.settled().await?;
    report.note("crowd_queued_per_second", per_second(QUEUED, started.elapsed()));
    let alone = delivery::sent_alone(&site, &other[0], settings.time).await?;
    if site.queued().await? == 0 {
        return Err(BenchError::failed("the long queue was gone before the others had sent"));
    }
    report.note("crowded_p50_ms", alone.percentile_ms(50));
    report.note("crowded_p99_ms", alone.percentile_ms(99));
    open.close().await;
    site.end().await;
    database.remove().await
}

//! Messages on their way to WAHA: how many in a second, and how soon one that comes alone.
//!
//! WAHA acknowledges every message three times and echoes it once, each by a signed webhook that the engine
//! takes in meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use commands::event_log::postgres::PostgresLog;
use domain::ports::Ambient;
use heliograph::ambient::SystemAmbient;
use serde_json::json;
use tokio::task::JoinSet;
use waha_simulator::LedgerEntry;

use crate::database::Database;
use crate::error::BenchError;
use crate::load::{Load, per_second};
use crate::messages::{Owner, number};
use crate::report::Report;
use crate::round::Round;
use crate::settings::Settings;
use crate::site::{Sender, Site};

const TENANTS: usize = 8;
const SESSIONS_EACH: usize = 4;
/// No pacing: as fast as it goes.
const UNPACED: u32 = 0;
/// Messages in a round, for each second a figure is measured.
const MESSAGES_PER_SECOND: u64 = 1000;
/// Messages of one session share so many chats.
const CHATS_OF_A_SESSION: usize = 200;
/// Callers who queue messages at a time.
const QUEUERS: usize = 256;
/// Time between messages that come alone.
const ALONE_EVERY: Duration = Duration::from_millis(25);

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_delivery").await?;
    let open = database.open_log();
    let site = Site::start(&database, UNPACED).await?;
    let senders = site.senders(TENANTS, SESSIONS_EACH).await?;
    for round in Round::all(settings) {
        let delivered = deliver(&site, &open.log, &senders, round).await?;
        round.note(report, "delivery_per_second", delivered);
    }
    let alone = sent_alone(&site, &senders[0], settings.time).await?;
    report.note("send_to_waha_p50_ms", alone.percentile_ms(50));
    report.note("send_to_waha_p99_ms", alone.percentile_ms(99));
    open.close().await;
    site.end().await;
    database.remove().await
}

/// Queues many messages at once, and waits until each has been sent and its outcome is recorded.
async fn deliver(
    site: &Site,
    log: &Arc<PostgresLog>,
    senders: &[Sender],
    round: Round,
) -> Result<f64, BenchError> {
    let count = usize::try_from(round.time.as_secs() * MESSAGES_PER_SECOND).unwrap_or(usize::MAX);
    let before = site.waha.ledger().len();
    let owners: Vec<Owner> = senders.iter().map(|sender| sender.owner).collect();
    let started = Instant::now();
    queue(log, &owners, count, CHATS_OF_A_SESSION).await?;
    site.until("every message is sent", async || Ok(site.waha.ledger().len() - before >= count))
        .await?;
    site.until("the queue is empty", async || Ok(site.queued().await? == 0)).await?;
    let elapsed = started.elapsed();
    site.settled().await?;
    let ledger = site.waha.ledger();
    if ledger.len() - before == count && ledger.iter().all(LedgerEntry::is_sent) {
        return Ok(per_second(count, elapsed));
    }
    let calls = ledger.len() - before;
    Err(BenchError::failed(format!("{count} messages led to {calls} calls, not all of them sent")))
}

/// Queues messages of these owners in turn, many at a time.
pub(crate) async fn queue(
    log: &Arc<PostgresLog>,
    owners: &[Owner],
    count: usize,
    chats_each: usize,
) -> Result<(), BenchError> {
    let mut tasks = JoinSet::new();
    for first in 0..QUEUERS {
        let (log, owners) = (Arc::clone(log), owners.to_vec());
        tasks.spawn(async move {
            for n in (first..count).step_by(QUEUERS) {
                let owner = owners[n % owners.len()];
                let chat = n / owners.len() % chats_each;
                owner.append_queued(&log, owner.queued(chat)?).await?;
            }
            Ok::<_, BenchError>(())
        });
    }
    while let Some(queued) = tasks.join_next().await {
        queued??;
    }
    Ok(())
}

/// Sends messages one by one, and looks how long after its 202 each came to WAHA.
pub(crate) async fn sent_alone(
    site: &Site,
    sender: &Sender,
    time: Duration,
) -> Result<Load, BenchError> {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(ALONE_EVERY);
    let mut answered: HashMap<String, DateTime<Utc>> = HashMap::new();
    while started.elapsed() < time {
        ticks.tick().await;
        let (n, id) = (answered.len(), SystemAmbient.new_id());
        let text = format!("Message {n}, {id}");
        sender.caller.send_as(&sender.session, json!({ "to": number(n), "body": text })).await;
        answered.insert(text, SystemAmbient.now());
    }
    let arrivals = || {
        let ledger = site.waha.ledger().into_iter();
        ledger.filter_map(|entry| Some((entry.at, *answered.get(&entry.text)?)))
    };
    site.until("they all came to WAHA", async || Ok(arrivals().count() == answered.len())).await?;
    // A call may reach WAHA before we have read the 202.
    let latency = |(at, answered): (DateTime<Utc>, DateTime<Utc>)| {
        (at - answered).to_std().unwrap_or(Duration::ZERO)
    };
    Ok(Load::new(arrivals().map(latency).collect(), time))
}

//! How soon messages move again after a process is killed, and what the guarantees cost.
//!
//! ```text
//! one process    kill -9, start another               -> a message that was accepted is at WAHA
//! two processes  kill -9 the one that has the leases  -> a message the other accepts is at WAHA
//!                                                     -> one that was on its way is known to be in doubt
//! ```
//!
//! The cost is seen beside calling WAHA directly, which loses messages in a crash and sends twice after a time-out.

use std::time::{Duration, Instant};

use acceptance::caller::Caller;
use chrono::TimeDelta;
use domain::ports::Ambient;
use heliograph::ambient::SystemAmbient;
use http::Method;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;
use waha_simulator::{Match, Misbehaviour, Rule};

use crate::database::Database;
use crate::error::BenchError;
use crate::load::per_second;
use crate::messages::{BODY, new_id, number};
use crate::report::Report;
use crate::round::Round;
use crate::settings::Settings;
use crate::site::{Sender, Site};

const UNPACED: u32 = 0;
/// Calls at a time, as an engine makes them.
const CALLS: usize = 64;
/// Longer than it takes to kill a process, shorter than its leases.
const SOON: TimeDelta = TimeDelta::milliseconds(500);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Whoever has a lease.
const OWNERS: &str = "select distinct owner from leases where expires_at > now()";

pub(crate) async fn measure(settings: &Settings, report: &Report) -> Result<(), BenchError> {
    let database = Database::migrated(settings, "bench_recovery").await?;
    let mut site = Site::start(&database, UNPACED).await?;
    let mut sender = site.senders(1, 1).await?.remove(0);
    for round in Round::all(settings) {
        round.note(report, "restart_to_send_ms", restart(&mut site, &sender).await?);
        let (sent, in_doubt) = take_over(&mut site, &mut sender, &database).await?;
        round.note(report, "takeover_to_send_ms", sent);
        round.note(report, "takeover_to_doubt_ms", in_doubt);
    }
    // Last, for they fill the ledger.
    for round in Round::all(settings) {
        let direct = call_directly(&site, &sender, round.time).await?;
        round.note(report, "direct_calls_per_second", direct);
    }
    site.end().await;
    database.remove().await
}

/// Sends texts by WAHA's own interface, so many at a time; answers how many a second.
async fn call_directly(site: &Site, sender: &Sender, time: Duration) -> Result<f64, BenchError> {
    let waha = Caller::nobody(site.waha.base_url());
    let (session, key) = (&sender.session.waha_name, site.waha.api_key());
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for n in 0..CALLS {
        let chat = format!("{}@c.us", number(n).trim_start_matches('+'));
        let body = json!({ "session": session, "chatId": chat, "text": BODY });
        let (waha, key) = (waha.clone(), key.to_owned());
        callers.spawn(async move {
            let mut calls = 0;
            while started.elapsed() < time {
                let call = waha.request(Method::POST, "/api/sendText");
                let status = waha.send(call.header("X-Api-Key", &key).json(&body)).await.status;
                if status != 201 {
                    return Err(BenchError::failed(format!("WAHA answered {status}")));
                }
                calls += 1;
            }
            Ok(calls)
        });
    }
    let mut calls = 0;
    while let Some(made) = callers.join_next().await {
        calls += made??;
    }
    Ok(per_second(calls, started.elapsed()))
}

/// Kills the engine with a message accepted that is to go in a moment, starts it again; answers how long until WAHA
/// has it.
async fn restart(site: &mut Site, sender: &Sender) -> Result<f64, BenchError> {
    site.settled().await?;
    let text = new_id().to_string();
    let send_at = SystemAmbient.now() + SOON;
    let body = json!({ "to": number(1), "body": text, "sendAt": send_at });
    sender.caller.send_as(&sender.session, body).await;
    site.kill().await;
    let started = Instant::now();
    site.start_again().await;
    site.soon("the message is at WAHA", LOOK_EVERY, async || Ok(is_at_waha(site, &text))).await?;
    Ok(milliseconds(started))
}

/// Kills the engine that has the leases while a message is on its way, another standing by; answers how long until
/// one that the other accepts is at WAHA, and until the other one is known to be in doubt.
async fn take_over(
    site: &mut Site,
    sender: &mut Sender,
    database: &Database,
) -> Result<(f64, f64), BenchError> {
    let stuck = new_id().to_string();
    site.waha.misbehave(Rule::once(Match::text(&stuck), Misbehaviour::Hang { sent: false }));
    let id = send(&sender.caller, sender, 2, &stuck).await;
    site.soon("it is on its way", LOOK_EVERY, async || Ok(is_at_waha(site, &stuck))).await?;
    let owners: Vec<Uuid> = sqlx::query_scalar(OWNERS).fetch_all(&database.pool).await?;
    if owners.len() != 1 {
        return Err(BenchError::failed(format!("{} engines have leases, not one", owners.len())));
    }
    let standby = site.stand_by().await;
    site.kill().await;
    let killed = Instant::now();
    site.put_in_place(standby);
    sender.caller = sender.caller.at(site.port.url());
    let text = new_id().to_string();
    send(&sender.caller, sender, 3, &text).await;
    site.soon("the next is at WAHA", LOOK_EVERY, async || Ok(is_at_waha(site, &text))).await?;
    let sent = milliseconds(killed);
    let path = format!("/messages/{id}");
    let is_in_doubt = async || Ok(sender.caller.get(&path).await.data()["status"] == "unknown");
    site.soon("the stuck one is in doubt", LOOK_EVERY, is_in_doubt).await?;
    Ok((sent, milliseconds(killed)))
}

async fn send(caller: &Caller, sender: &Sender, n: usize, text: &str) -> String {
    caller.send_as(&sender.session, json!({ "to": number(n), "body": text })).await
}

fn is_at_waha(site: &Site, text: &str) -> bool {
    site.waha.ledger().iter().rev().any(|entry| entry.text == text)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

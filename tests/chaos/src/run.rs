//! One run, from its seed to its findings.

use std::fmt::Write;
use std::time::Duration;

use acceptance::caller::Caller;
use futures::future::join_all;
use tokio::time::{Instant, sleep};

use crate::checker::{self, Findings};
use crate::evidence::{self, Evidence, Export};
use crate::plan::{Lie, Plan, Strike};
use crate::senders::Diary;
use crate::settings::Settings;
use crate::stage::{SESSIONS, Stage};
use crate::summary::Summary;

/// How long the installation is left in peace before what still waits counts as stuck. The longest lease, of
/// a look for a message in doubt, runs out after three; retries and hung calls end within a fraction of it.
pub const PATIENCE: Duration = Duration::from_mins(5);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Where a message is that something should happen to.
const UNDER_WAY: [&str; 5] = ["scheduled", "queued", "held", "sending", "retrying"];

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// In numbers.
    pub summary: Summary,
    /// In words.
    pub findings: Findings,
    /// Requests that were refused or not answered.
    pub unanswered: usize,
}

/// Carries a run out.
pub async fn run(settings: &Settings) -> Outcome {
    let plan = Plan::draw(settings.seed, settings.time, SESSIONS);
    let mut stage = Stage::set(settings.server).await;
    let (diaries, database_kills) = struck(&mut stage, plan, settings).await;
    in_peace(&stage).await;

    let unanswered = diaries.iter().map(|diary| diary.unanswered).sum();
    let evidence = gather(&stage, diaries).await;
    let findings = checker::check(&evidence);
    let kills = stage.engines.kills() + database_kills;
    let summary = Summary::of(settings, &evidence, &findings, kills);
    stage.engines.stop().await;
    stage.waha.shutdown().await;
    stage.server.remove().await;
    Outcome { summary, findings, unanswered }
}

/// Senders send, WAHA lies and strikes fall, all for as long as it was set. Answers what senders were told, and how
/// often PostgreSQL was killed.
async fn struck(stage: &mut Stage, plan: Plan, settings: &Settings) -> (Vec<Diary>, u32) {
    let Stage { server, waha, engines, senders } = stage;
    let (doors, end) = (engines.urls(), Instant::now() + settings.time);
    let sending = senders.iter().map(|sender| sender.send(settings.seed, &doors, settings.time));
    let lying = async {
        for (pause, session, lie) in plan.lies {
            sleep(pause).await;
            waha.misbehave(Lie::about(lie, &senders[session].session.waha_name));
        }
    };
    let striking = async {
        let mut database_kills = 0;
        for (pause, strike) in plan.strikes {
            sleep(pause).await;
            if Instant::now() >= end {
                break;
            }
            match strike {
                Strike::KillEngine { engine, away } => engines.kill(&[engine], away).await,
                Strike::KillBoth { away } => engines.kill(&[0, 1], away).await,
                Strike::PauseEngine { engine, asleep } => engines.pause(engine, asleep).await,
                Strike::KillDatabase { away } => {
                    server.kill(away).await;
                    database_kills += 1;
                }
                Strike::RestartWaha => waha.restart_losing_memory(),
            }
        }
        database_kills
    };
    let (diaries, (), database_kills) = tokio::join!(join_all(sending), lying, striking);
    waha.behave();
    (diaries, database_kills)
}

/// Leaves the installation alone until nothing is under way any more, or patience ends.
async fn in_peace(stage: &Stage) {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline && (is_busy(stage).await || is_looked_for(stage).await) {
        sleep(LOOK_EVERY).await;
    }
}

async fn is_busy(stage: &Stage) -> bool {
    for tenant in stage.tenants() {
        for status in UNDER_WAY {
            let answer = tenant.get(&format!("/messages?status={status}&limit=1")).await;
            if answer.status != 200 || !answer.rows().is_empty() {
                return true;
            }
        }
    }
    false
}

/// Whether a message in doubt is still being looked for.
async fn is_looked_for(stage: &Stage) -> bool {
    for tenant in stage.tenants() {
        let answer = tenant.get("/messages?status=unknown&limit=100").await;
        if answer.status != 200 {
            return true;
        }
        for row in answer.rows() {
            let id = row["id"].as_str().unwrap_or_default();
            let history = tenant.get(&format!("/messages/{id}/events?limit=100")).await;
            let is_left = |event: &serde_json::Value| event["type"] == "message_left_unknown";
            if history.status != 200 || !history.rows().iter().any(is_left) {
                return true;
            }
        }
    }
    false
}

/// What is, from three sides: WAHA's, the API's, the log's.
async fn gather(stage: &Stage, diaries: Vec<Diary>) -> Evidence {
    let export = Export::take(stage.engines.environment()).await;
    let mut evidence = Evidence {
        accepted: diaries.into_iter().flat_map(|diary| diary.accepted).collect(),
        ledger: evidence::ledger(&Caller::nobody(stage.waha.base_url())).await,
        log: export.messages,
        ..Evidence::default()
    };
    for tenant in stage.tenants() {
        evidence.shown.extend(evidence::shown(tenant, &export.end).await);
    }
    evidence
}

impl Outcome {
    /// For people: the figures, and the story of everything that is wrong.
    pub fn report(&self) -> String {
        let Self { summary, findings, unanswered } = self;
        let mut report = format!(
            "{summary} ({} of them sent)\n{unanswered} more requests got no answer, or none that accepts.\n",
            findings.unknown_sent
        );
        for (name, stories) in findings.wrong() {
            for story in stories {
                // Writing to a string cannot fail.
                let _ = writeln!(report, "{name}: {story}");
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 1;

    #[tokio::test(flavor = "multi_thread")]
    async fn under_lies_and_kills_nothing_is_lost_sent_twice_out_of_order_or_stuck() {
        let time = Duration::from_secs(20);
        let outcome = run(&Settings { seed: SEED, time, server: "chaos-test" }).await;
        assert!(outcome.findings.is_clean(), "{}", outcome.report());
        assert!(outcome.summary.sends > 50 && outcome.summary.kills >= 2, "{}", outcome.report());
    }
}

//! No webhook is answered with 2xx before it is on disk: PostgreSQL is killed again and again while they come (W2).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::process;
use acceptance::sessions::Session;
use acceptance::setup::WEBHOOK_SECRET;
use acceptance::webhook::arrival;
use chaos::stage::Stage;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const DOORS_EACH: usize = 4;
const KILLS: usize = 4;
/// Webhooks that are taken between two of them.
const TAKEN_BETWEEN_KILLS: usize = 25;
const AWAY: Duration = Duration::from_millis(300);

/// What was answered.
#[derive(Debug, Default)]
struct Answers {
    /// With 2xx.
    taken: Mutex<HashSet<String>>,
    /// With anything else, or not at all.
    refused: AtomicUsize,
}

impl Answers {
    fn taken(&self) -> MutexGuard<'_, HashSet<String>> {
        self.taken.lock().unwrap()
    }

    async fn more(&self) {
        let enough = self.taken().len() + TAKEN_BETWEEN_KILLS;
        eventually("webhooks are taken", async || self.taken().len(), |count| *count >= enough)
            .await;
    }
}

/// Delivers webhooks, one after the other, until it is over.
async fn deliver(
    door: Caller,
    session: Session,
    name: String,
    answers: Arc<Answers>,
    over: CancellationToken,
) {
    for number in 0.. {
        if over.is_cancelled() {
            return;
        }
        let id = format!("3EB0{name}X{number}");
        let webhook = arrival(&session, &id, "6281234567890@c.us", &id);
        let request = door.signed_webhook(WEBHOOK_SECRET, webhook.to_string());
        match door.try_send(request).await {
            Ok(answer) if answer.status == 200 => {
                answers.taken().insert(id);
            }
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{:?}", answer.body);
                answers.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {
                answers.refused.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The bodies of the webhooks in the log.
async fn logged(stage: &Stage) -> String {
    let exported = process::run(stage.engines.environment(), &["log", "export"], "").await;
    assert!(exported.status.success(), "{exported:?}");
    let text = String::from_utf8(exported.stdout).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let webhooks = events.filter(|event| event["type"] == "webhook_received");
    webhooks.map(|event| event["data"]["body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_answered_with_200_outlives_postgresqls_death() {
    let mut stage = Stage::set("chaos-webhooks").await;
    let (answers, over) = (Arc::new(Answers::default()), CancellationToken::new());
    let (session, urls) = (stage.senders[0].session.clone(), stage.engines.urls());
    let mut deliveries = JoinSet::new();
    for (engine, url) in urls.iter().enumerate() {
        for door in 0..DOORS_EACH {
            let (caller, name) = (Caller::nobody(url.clone()), format!("{engine}{door}"));
            let (session, answers) = (session.clone(), Arc::clone(&answers));
            deliveries.spawn(deliver(caller, session, name, answers, over.clone()));
        }
    }
    for _ in 0..KILLS {
        answers.more().await;
        stage.server.kill(AWAY).await;
    }
    answers.more().await;
    over.cancel();
    deliveries.join_all().await;
    assert!(answers.refused.load(Ordering::Relaxed) > 0, "nothing was interrupted");
    let log = logged(&stage).await;
    let taken = answers.taken().clone();
    let lost: Vec<_> = taken.iter().filter(|id| !log.contains(&format!("_{id}\""))).collect();
    assert!(lost.is_empty(), "answered with 200, and not in the log: {lost:?}");
    stage.engines.stop().await;
    stage.waha.shutdown().await;
    stage.server.remove().await;
}

//! No webhook is answered with 2xx before it is on disk: PostgreSQL is killed again and again while they come (W2).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashSet;
use std::time::Duration;

use acceptance::caller::Caller;
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
const BETWEEN_KILLS: Duration = Duration::from_millis(900);
const AWAY: Duration = Duration::from_millis(300);

/// Delivers webhooks, one after the other, until it is over; tells which were answered with 2xx, and how many were not.
async fn deliver(
    door: Caller,
    session: Session,
    name: String,
    over: CancellationToken,
) -> (Vec<String>, usize) {
    let (mut taken, mut refused) = (Vec::new(), 0);
    for number in 0.. {
        if over.is_cancelled() {
            break;
        }
        let id = format!("3EB0{name}X{number}");
        let webhook = arrival(&session, &id, "6281234567890@c.us", &id);
        let request = door.signed_webhook(WEBHOOK_SECRET, webhook.to_string());
        match door.try_send(request).await {
            Ok(answer) if answer.status == 200 => taken.push(id),
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{:?}", answer.body);
                refused += 1;
            }
            Err(_) => refused += 1,
        }
    }
    (taken, refused)
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
    let over = CancellationToken::new();
    let (session, urls) = (stage.senders[0].session.clone(), stage.engines.urls());
    let doors = urls.iter().enumerate().flat_map(|(engine, url)| {
        (0..DOORS_EACH).map(move |n| (Caller::nobody(url.clone()), format!("{engine}{n}")))
    });
    let mut deliveries = JoinSet::new();
    for (door, name) in doors {
        deliveries.spawn(deliver(door, session.clone(), name, over.clone()));
    }
    for _ in 0..KILLS {
        tokio::time::sleep(BETWEEN_KILLS).await;
        stage.server.kill(AWAY).await;
    }
    tokio::time::sleep(BETWEEN_KILLS).await;
    over.cancel();
    let told = deliveries.join_all().await;
    let taken: HashSet<_> = told.iter().flat_map(|(taken, _)| taken).collect();
    let refused: usize = told.iter().map(|(_, refused)| refused).sum();
    assert!(taken.len() > 50 && refused > 0, "{} taken, {refused} refused", taken.len());
    let log = logged(&stage).await;
    let lost: Vec<_> = taken.iter().filter(|id| !log.contains(&format!("_{id}\""))).collect();
    assert!(lost.is_empty(), "answered with 200, and not in the log: {lost:?}");
    stage.engines.stop().await;
    stage.waha.shutdown().await;
    stage.server.remove().await;
}

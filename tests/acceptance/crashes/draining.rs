//! SIGTERM: what is on its way is finished, and the process ends well (X8).

use acceptance::eventually::eventually;
use acceptance::messages::{BOB, ledger_of, somebody};
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Outcome, Rule};

use super::site::Site;

#[sqlx::test(migrations = "../migrations")]
async fn a_process_told_to_stop_finishes_what_is_on_its_way(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let slow = Misbehaviour::Delay { milliseconds: 1_200 };
    site.waha.misbehave(Rule::always(Match::text("slow"), slow));
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(tenant.send_to(&session, &somebody(n), &format!("slow {n}")).await);
    }
    let look = async || site.waha.ledger().len();
    eventually("all calls are on their way", look, |count| *count == 4).await;
    // One more in each chat, which must not be begun any more, or must be finished.
    for n in 0..4 {
        ids.push(tenant.send_to(&session, &somebody(n), &format!("slow {}", n + 4)).await);
    }
    process.signal("TERM").await;
    let status = process.end().await;
    assert_eq!(status.code(), Some(0), "{status}");
    let ledger = site.waha.ledger();
    assert!(
        ledger.iter().all(|entry| entry.outcome == Outcome::Sent),
        "a call was cut off: {ledger:#?}"
    );

    let next = site.serve().await;
    for (n, id) in ids.iter().enumerate() {
        let message = tenant.message_becomes(id, "read").await;
        assert_eq!(message["attempts"], 1, "{message}");
        assert_eq!(ledger_of(&site.waha, &format!("slow {n}")).len(), 1);
    }
    next.signal("TERM").await;
    assert_eq!(next.end().await.code(), Some(0));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_under_way_is_answered_though_the_process_is_told_to_stop(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    // The answer to this waits for WAHA.
    let slow = Misbehaviour::Delay { milliseconds: 800 };
    let path = format!("/api/sessions/{}/stop", session.waha_name);
    site.waha.misbehave(Rule::once(Match::path(path), slow));
    let stop = format!("/sessions/{}/stop", session.id);
    let (answer, ()) = tokio::join!(tenant.act(&stop), async {
        let look = async || tenant.get(&format!("/sessions/{}", session.id)).await.data().clone();
        eventually("it is asked for", look, |shown| shown["pendingAction"] == "stop").await;
        process.signal("TERM").await;
    });
    assert_eq!(answer.expect(200).data()["status"], "STOPPED");
    assert_eq!(process.end().await.code(), Some(0));
    let body = json!({ "sessionId": session.id, "to": BOB, "body": "too late" });
    let request = tenant.request(reqwest::Method::POST, "/messages/send").json(&body);
    assert!(tenant.try_send(request).await.is_err(), "somebody still answers");
}

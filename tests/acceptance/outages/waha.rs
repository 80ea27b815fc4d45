//! WAHA goes away and comes back: messages wait (D4, D7, X1).

use std::sync::Arc;

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{sent_texts, somebody};
use acceptance::proxy::Proxy;
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::Simulator;

async fn start(pool: PgPool) -> (Installation, Arc<Proxy>) {
    let setup = Setup::default().set("DELIVERY_MAX_ATTEMPTS", 1_000);
    let waha = Simulator::start(setup.waha.clone()).await.unwrap();
    let line = Proxy::to_waha(&waha).await;
    let setup = setup.waha_through(&line);
    (Installation::start_before(pool, setup, waha), line)
}

#[sqlx::test(migrations = "../migrations")]
async fn messages_accepted_while_waha_is_away_are_kept_and_delivered_later(pool: PgPool) {
    let (stage, line) = start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    line.cut().await;

    let health = tenant.get("/waha/health").await.expect(503);
    assert!(health.header("retry-after").is_some());
    assert_eq!(health.body["services"]["waha"]["status"], "down");
    let overall = tenant.get("/health").await.expect(200).body;
    assert_eq!(overall["status"], "degraded", "requests are answered all the same");
    tenant.get("/health/ready").await.expect(200);

    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(tenant.send_to(&session, &somebody(n), &format!("kept {n}")).await);
    }
    let retried = tenant.message_becomes(&ids[0], "retrying").await;
    assert!(retried["lastError"].is_string(), "{retried}");
    assert_eq!(tenant.get(&format!("/sessions/{}/qr", session.id)).await.status, 503);

    line.restore().await;
    for id in &ids {
        tenant.message_becomes(id, "read").await;
    }
    let mut sent = sent_texts(&stage.waha);
    sent.sort_unstable();
    assert_eq!(sent, ["kept 0", "kept 1", "kept 2", "kept 3", "kept 4"]);
    tenant.get("/waha/health").await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_waha_that_restarts_and_forgets_loses_no_message(pool: PgPool) {
    let (stage, _line) = start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(tenant.send_to(&session, &somebody(n), &format!("forgetful {n}")).await);
        if n % 10 == 5 {
            stage.waha.restart_losing_memory();
        }
    }
    for id in &ids {
        let look = async || tenant.message(id).await["status"].clone();
        let is_settled = |status: &serde_json::Value| {
            ["sent", "delivered", "read", "unknown"].iter().any(|settled| status == settled)
        };
        eventually("it is sent, or in doubt", look, is_settled).await;
    }
    for (n, id) in ids.iter().enumerate() {
        let text = format!("forgetful {n}");
        let sent = sent_texts(&stage.waha).iter().filter(|sent| **sent == text).count();
        assert!(sent <= 1, "{text} was sent {sent} times");
        let status = tenant.message(id).await["status"].clone();
        assert!(sent == 1 || status == json!("unknown"), "{text} is {status} and was never sent");
    }
    stage.stop().await;
}

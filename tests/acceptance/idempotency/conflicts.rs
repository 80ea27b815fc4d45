//! A key is of one request, and one at a time.

use std::time::Duration;

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::keyed::to_bob;
use acceptance::messages::ledger_of;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

#[sqlx::test(migrations = "../migrations")]
async fn while_the_first_is_under_way_others_are_told_so(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    // The answer to this waits for WAHA, for longer than a lease lasts: it is renewed.
    let slow = Misbehaviour::Delay { milliseconds: 7_000 };
    let path = format!("/api/sessions/{}/stop", session.waha_name);
    stage.waha.misbehave(Rule::once(Match::path(path), slow));
    let stop = format!("/sessions/{}/stop", session.id);
    let (first, ()) = tokio::join!(tenant.act_once("k", &stop), async {
        let shown = format!("/sessions/{}", session.id);
        let look = async || tenant.get(&shown).await.data().clone();
        eventually("it is asked for", look, |shown| shown["pendingAction"] == "stop").await;
        let look = async || {
            let refused = tenant.act_once("k", &stop).await;
            if refused.status == 409 {
                refused.assert_is_problem();
                assert_eq!(refused.codes(), ["IDEMPOTENCY_KEY_IN_FLIGHT"]);
                assert!(refused.header("retry-after").is_some(), "{refused:?}");
            }
            refused
        };
        // Until the first is answered, and then it is replayed.
        let replayed = eventually("the first is answered", look, |a| a.status != 409).await;
        assert!(replayed.is_replayed(), "somebody else did it meanwhile: {replayed:?}");
    });
    assert_eq!(first.expect(200).data()["status"], "STOPPED");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn another_request_under_the_same_key_is_refused(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    tenant.send_once("k", &session, "first").await.expect(202);
    let other = tenant.send_once("k", &session, "second").await.expect(422);
    other.assert_is_problem();
    assert_eq!(other.codes(), ["IDEMPOTENCY_KEY_REUSED"]);
    assert!(tenant.send_once("k", &session, "first").await.expect(202).is_replayed());
    let body = to_bob(&session, "first");
    tenant.post_once("k", "/messages/send?other=1", &body).await.expect(422);
    assert!(ledger_of(&stage.waha, "second").is_empty());
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_key_is_refused_by_name(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    for key in ["", "two words", "\"open", "\"a\"; b=c", &"x".repeat(256)] {
        let refused = tenant.send_once(key, &session, "never").await.expect(400);
        refused.assert_is_problem();
        let told = (refused.codes(), refused.fields());
        assert_eq!(told, (vec!["VALID_INVALID_FORMAT"], vec!["Idempotency-Key"]), "{key}");
    }
    let twice = tenant.request(Method::POST, "/messages/send").json(&to_bob(&session, "never"));
    let twice = twice.header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    assert_eq!(tenant.send(twice).await.expect(400).fields(), ["Idempotency-Key"]);
    assert!(stage.waha.ledger().is_empty());

    // Whoever only reads is not asked.
    let read = tenant.request(Method::GET, "/messages").header("Idempotency-Key", "two words");
    assert!(!tenant.send(read).await.expect(200).is_replayed());
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn replays_and_conflicts_are_counted(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let body = json!({ "name": "main" });
    tenant.post_once("k", "/sessions", &body).await.expect(201);
    tenant.post_once("k", "/sessions", &body).await.expect(201);
    tenant.post_once("k", "/sessions", &json!({ "name": "other" })).await.expect(422);
    let metrics = tenant.get("/metrics").await.expect(200);
    let metrics = String::from_utf8(metrics.bytes).unwrap();
    for outcome in ["first", "replayed", "other_request"] {
        let line = format!("heliograph_idempotency_keys_total{{outcome=\"{outcome}\"}}");
        assert!(metrics.contains(&line), "{line} is missing");
    }
    tokio::time::timeout(Duration::from_mins(1), stage.stop()).await.unwrap();
}

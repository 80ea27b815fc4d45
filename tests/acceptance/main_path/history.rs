//! The events behind a message, and the numbers made of them (E1, M5, M6, X3).

use std::time::Duration;

use acceptance::installation::Installation;
use acceptance::messages::BOB;
use acceptance::setup::Setup;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

const REQUEST_ID: &str = "order-17/first-try";

#[sqlx::test(migrations = "../migrations")]
async fn the_history_tells_what_happened_who_did_it_and_for_which_request(pool: PgPool) {
    let mut setup = Setup::default();
    setup.waha.ack_delay = Duration::from_secs(1);
    let stage = Installation::start_with(pool, setup).await;
    // WAHA's own answer is to be the first to tell that it was sent.
    let echo = Match { event: Some("message.any".to_owned()), ..Match::text("for the record") };
    stage.waha.misbehave(Rule::once(echo, Misbehaviour::DropWebhook));
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let body = json!({ "sessionId": session.id, "to": BOB, "body": "for the record" });
    let request = tenant.request(reqwest::Method::POST, "/messages/send").json(&body);
    let accepted = tenant.send(request.header("X-Request-Id", REQUEST_ID)).await.expect(202);
    assert_eq!(accepted.header("x-request-id"), Some(REQUEST_ID));
    let id = accepted.text("id");

    let whole = [
        "message_queued",
        "message_attempt_started",
        "message_sent",
        "message_delivered",
        "message_read",
    ];
    tenant.story_becomes(&id, &whole).await;
    let history = tenant.history(&id).await;
    let versions: Vec<_> = history.iter().map(|event| event["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    let times: Vec<_> = history.iter().map(|event| event["occurredAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");

    let actors: Vec<_> = history.iter().map(|event| &event["metadata"]["actor"]["kind"]).collect();
    assert_eq!(actors, ["user", "delivery_saga", "delivery_saga", "webhook_saga", "webhook_saga"]);
    let user = &history[0]["metadata"]["actor"]["id"];
    assert_eq!(*user, json!(tenant.account().user_id.to_string()));
    let request_ids: Vec<_> = history.iter().map(|event| request_id(event).clone()).collect();
    assert_eq!(request_ids[..3], [REQUEST_ID, REQUEST_ID, REQUEST_ID]);
    assert!(request_ids[3..].iter().all(|id| id.is_string() && *id != REQUEST_ID));

    let message = tenant.message(&id).await;
    assert_eq!(history[1]["data"]["wahaMessageId"], message["wahaMessageId"]);
    assert_eq!(history[0]["data"]["body"], "for the record");
    stage.stop().await;
}

fn request_id(event: &Value) -> &Value {
    &event["metadata"]["requestId"]
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_gets_an_id_if_it_brings_none_or_a_strange_one(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let nobody = stage.nobody();
    let ids = async |given: Option<&str>| {
        let mut request = nobody.request(reqwest::Method::GET, "/health/live");
        if let Some(given) = given {
            request = request.header("X-Request-Id", given);
        }
        nobody.send(request).await.header("x-request-id").map(str::to_owned).unwrap()
    };
    let (first, second) = (ids(None).await, ids(None).await);
    assert_ne!(first, second);
    assert_eq!(ids(Some("mine")).await, "mine");
    for strange in ["two words", &"x".repeat(1_000)] {
        assert_ne!(ids(Some(strange)).await, strange);
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_statistics_count_the_message(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, "to be counted").await;
    tenant.message_becomes(&id, "read").await;

    let stats = tenant.get("/messages/stats").await.expect(200).data().clone();
    assert_eq!(
        stats["totals"],
        json!({
            "messages": 1, "inbound": 0, "outbound": 1, "succeeded": 1, "failed": 0,
        })
    );
    assert_eq!(stats["byStatus"], json!({ "read": 1 }));
    assert_eq!(stats["byDirection"], json!({ "outbound": 1 }));
    assert_eq!(stats["byType"], json!({ "text": 1 }));
    assert_eq!(stats["bySession"], json!({ session.id: 1 }));
    assert_eq!(stats["byCountry"], json!({ "ID": 1 }));
    assert_eq!(stats["successRate"], 1.0);
    assert_eq!(stats["failureRate"], 0.0);
    for latency in ["timeToSentMs", "timeToDeliveredMs"] {
        assert!(stats[latency]["p50"].as_f64().is_some_and(|ms| ms < 20_000.0), "{stats}");
    }
    stage.stop().await;
}

//! The numbers agree with the messages (M6).

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use acceptance::webhook::arrival;
use serde_json::{Value, json};
use sqlx::PgPool;
use waha_simulator::{Match, Misbehaviour, Rule};

#[sqlx::test(migrations = "../migrations")]
async fn the_numbers_agree_with_the_messages(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default()).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let refusal = Misbehaviour::Answer { status: 400, sent: false, exception: None };
    stage.waha.misbehave(Rule::always(Match::text("refused"), refusal));
    for (to, body, status) in [
        ("+6281234567890", "one", "read"),
        ("+6281234567891", "two", "read"),
        ("+4915112345678", "three", "read"),
        ("+4915112345679", "refused", "failed"),
    ] {
        let id = tenant.send_to(&session, to, body).await;
        tenant.message_becomes(&id, status).await;
    }
    tenant.deliver(&arrival(&session, "AA", "6281234567890@c.us", "thanks")).await.expect(200);
    let look = async || tenant.get("/messages/stats").await.expect(200).data().clone();
    let is_so = |stats: &Value| stats["totals"]["messages"] == 5 && stats["byStatus"]["read"] == 3;
    let stats = eventually("all are counted", look, is_so).await;

    assert_eq!(
        stats["totals"],
        json!({
            "messages": 5, "inbound": 1, "outbound": 4, "succeeded": 3, "failed": 1,
        })
    );
    assert_eq!(stats["byStatus"], json!({ "read": 3, "failed": 1, "delivered": 1 }));
    assert_eq!(stats["byDirection"], json!({ "outbound": 4, "inbound": 1 }));
    assert_eq!(stats["byCountry"], json!({ "ID": 3, "DE": 2 }));
    assert_eq!((&stats["successRate"], &stats["failureRate"]), (&json!(0.75), &json!(0.25)));
    let sum =
        |by: &str| stats[by].as_object().unwrap().values().filter_map(Value::as_i64).sum::<i64>();
    for dimension in
        ["byStatus", "byDirection", "byType", "bySession", "byCountry", "byDay", "byHour"]
    {
        assert_eq!(sum(dimension), 5, "{dimension}");
    }

    let past = "/messages/stats?fromDate=2020-01-01T00:00:00Z&toDate=2020-12-31T00:00:00Z";
    let past = tenant.get(past).await.expect(200).data().clone();
    assert_eq!((&past["totals"]["messages"], &past["successRate"]), (&json!(0), &Value::Null));
    stage.stop().await;
}

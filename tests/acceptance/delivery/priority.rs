//! High goes before normal before low, and low moves all the same (D3).

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::{sent_texts, somebody};
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;

/// Messages of each priority.
const EACH: usize = 12;

#[sqlx::test(migrations = "../migrations")]
async fn high_goes_before_normal_before_low_and_low_is_not_starved(pool: PgPool) {
    // Ten a second: few enough at a time for the order to show.
    let setup = Setup::default().unscanned().set("DELIVERY_RATE_PER_MINUTE", 600);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    for (lane, priority) in ["low", "normal", "high"].into_iter().enumerate() {
        for n in 0..EACH {
            let to = somebody(lane * EACH + n);
            tenant
                .send_as(&session, json!({ "to": to, "body": priority, "priority": priority }))
                .await;
        }
    }
    tenant.scan(&stage.waha, &session).await;
    let look = async || sent_texts(&stage.waha);
    let sent = eventually("all are sent", look, |sent| sent.len() == 3 * EACH).await;

    let last_of = |priority: &str| sent.iter().rposition(|text| text == priority).unwrap();
    assert!(last_of("high") < last_of("normal"), "{sent:?}");
    assert!(last_of("normal") < last_of("low"), "{sent:?}");
    let first = |count: usize, priority: &str| {
        sent[..count].iter().filter(|text| *text == priority).count()
    };
    assert!(first(EACH, "high") >= EACH / 2, "{sent:?}");
    assert!(first(EACH, "low") >= 1, "low is starved: {sent:?}");
    assert_eq!(first(EACH / 2, "normal"), 0, "{sent:?}");
    stage.stop().await;
}

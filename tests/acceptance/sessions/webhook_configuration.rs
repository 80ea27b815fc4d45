//! The engine tells WAHA where to send a session's webhooks and what to sign them with (S4).

use std::collections::HashSet;

use acceptance::installation::Installation;
use acceptance::sessions::webhooks_of;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn each_session_has_a_webhook_to_the_engine_and_a_secret_of_its_own(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (one, other) = (stage.tenant().await, stage.tenant().await);
    let mut secrets = HashSet::new();
    for session in [one.session().await, one.new_session("second").await, other.session().await] {
        let webhooks = webhooks_of(&stage.waha, &session).await;
        let [webhook] = webhooks.as_slice() else { panic!("one is expected: {webhooks:#?}") };
        assert_eq!(webhook["url"], format!("{}/webhooks/waha", stage.url()));
        let events: Vec<_> = webhook["events"].as_array().unwrap().iter().collect();
        for wanted in ["session.status", "message", "message.any", "message.ack"] {
            assert!(events.iter().any(|event| *event == wanted), "{wanted} is not asked for");
        }
        let secret = webhook["hmac"]["key"].as_str().unwrap();
        assert!(secret.len() >= 32, "a short secret");
        assert!(webhook["retries"]["attempts"].as_u64().is_some_and(|attempts| attempts >= 10));
        assert!(secrets.insert(secret.to_owned()), "two sessions share a secret");
    }
    let shown = one.get("/sessions").await.body.to_string();
    assert!(secrets.iter().all(|secret| !shown.contains(secret)), "a secret is shown");
    stage.stop().await;
}

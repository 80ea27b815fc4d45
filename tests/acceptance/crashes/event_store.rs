//! The whole engine with its events in an EventStoreDB (E2): here, the fake.

use acceptance::messages::somebody;
use acceptance::setup::Setup;
use eventstoredb_fake::{Fake, FakeOptions};
use sqlx::PgPool;
use std::time::Duration;

use super::site::{Site, settled};

/// Accepted by the process that is killed.
const MESSAGES: usize = 12;
/// How long WAHA takes, so that some are on their way when the process dies.
const CALL: Duration = Duration::from_millis(100);

#[sqlx::test(migrations = "../migrations")]
async fn with_the_events_in_the_fake_messages_are_delivered_and_a_killed_engine_goes_on(
    pool: PgPool,
) {
    let fake = Fake::start(FakeOptions::default()).await.unwrap();
    let setup = Setup::default().set("EVENT_STORE_URL", fake.url());
    let site = Site::new(pool.clone(), setup).await;
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let delivered = tenant.send_text(&session, "before").await;
    tenant.message_becomes(&delivered, "read").await;

    site.waha.delay_answers(CALL);
    let mut accepted = Vec::new();
    for n in 0..MESSAGES {
        let text = format!("message {n}");
        tenant.send_to(&session, &somebody(n), &text).await;
        accepted.push(text);
    }
    process.kill().await;
    site.waha.delay_answers(Duration::ZERO);
    let process = site.serve().await;

    let statuses = settled(&tenant, &session, &accepted).await;
    let sends = site.sends();
    for text in &accepted {
        let times = sends.get(text).copied().unwrap_or_default();
        assert!(times <= 1, "{text} was sent {times} times");
        assert!(times == 1 || statuses[text] == "unknown", "{text} was lost: {statuses:#?}");
    }
    let after = tenant.send_text(&session, "after").await;
    tenant.message_becomes(&after, "read").await;
    assert_eq!(tenant.message(&delivered).await["status"], "read");

    // Not one event is in PostgreSQL.
    let in_postgres: i64 =
        sqlx::query_scalar("select count(*) from events").fetch_one(&pool).await.unwrap();
    assert_eq!(in_postgres, 0);
    assert!(fake.appends() > MESSAGES);
    process.kill().await;
    fake.stop().await;
}

//! `queue process`.

use acceptance::installation::Installation;
use acceptance::messages::{sent_texts, somebody};
use acceptance::setup::Setup;
use sqlx::PgPool;

use super::shell::Shell;

#[sqlx::test(migrations = "../migrations")]
async fn the_queue_is_worked_off_beside_a_running_engine(pool: PgPool) {
    let setup = Setup::default().set("DELIVERY_RATE_PER_MINUTE", 1);
    let stage = Installation::start_with(pool.clone(), setup).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(tenant.send_to(&session, &somebody(n), &format!("waiting {n}")).await);
    }
    tenant.message_becomes(&ids[0], "read").await;
    assert_eq!(stage.waha.ledger().len(), 1, "the engine keeps its pace");

    // Without a pace of its own, the verb takes all there is.
    let processed = shell.json(&["queue", "process"]).await;
    assert_eq!(processed["attempted"], 4);
    for id in &ids {
        tenant.message_becomes(id, "read").await;
    }
    let mut sent = sent_texts(&stage.waha);
    sent.sort_unstable();
    assert_eq!(sent, ["waiting 0", "waiting 1", "waiting 2", "waiting 3", "waiting 4"]);
    assert_eq!(shell.json(&["queue", "process"]).await["attempted"], 0);
    stage.stop().await;
}

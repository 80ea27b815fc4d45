//! `queue process`, `status`, `run`, `hold` and `drain`.

use acceptance::eventually::eventually;
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

#[sqlx::test(migrations = "../migrations")]
async fn queues_are_shown_and_set(pool: PgPool) {
    let stage = Installation::start_with(pool.clone(), Setup::default().unscanned()).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.unscanned_session().await;
    let id = tenant.send_text(&session, "waits").await;
    let look = async || shell.json(&["queue", "status"]).await;
    let shown = eventually("the message is on it", look, |shown| shown[0]["queued"] == 1).await;
    assert_eq!(shown[0]["sessionId"], session.id.as_str());
    assert_eq!(shown[0]["status"], "SCAN_QR_CODE");

    let tenant_id = tenant.tenant_id().to_string();
    let of_tenant = ["--tenant", &tenant_id, "--session", &session.id];
    let hold = [["queue", "hold"].as_slice(), of_tenant.as_slice()].concat();
    assert_eq!(shell.json(&hold).await["mode"], "hold");
    let shown = eventually("it is held", look, |shown| shown[0]["queueMode"] == "hold").await;
    assert_eq!(shown[0]["queued"], 1);
    tenant.scan(&stage.waha, &session).await;
    let run = [["queue", "run"].as_slice(), of_tenant.as_slice()].concat();
    shell.json(&run).await;
    tenant.message_becomes(&id, "read").await;
    stage.stop().await;
}

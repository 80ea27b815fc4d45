//! What a suspended tenant is to send waits, and goes on when the tenant is back (A1).

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::ledger_of;
use acceptance::setup::Setup;
use domain::access::Role;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn messages_of_a_suspended_tenant_wait_until_it_is_back(pool: PgPool) {
    let stage = Installation::start_with(pool.clone(), Setup::default().unscanned()).await;
    let (acme, other) = (stage.tenant().await, stage.tenant().await);
    let platform = stage.colleague(&other, Role::PlatformAdmin).await;
    let (suspended, working) = (acme.unscanned_session().await, other.unscanned_session().await);
    let waiting = acme.send_text(&suspended, "later").await;
    let path = format!("/admin/tenants/{}", acme.tenant_id());
    platform.act(&format!("{path}/suspend")).await.expect(204);

    stage.waha.scan(&suspended.waha_name).unwrap();
    let works =
        "select count(*) from delivery_sessions where waha_session = $1 and status = 'WORKING'";
    let look = async || -> i64 {
        let query = sqlx::query_scalar(works).bind(&suspended.waha_name);
        query.fetch_one(&pool).await.unwrap()
    };
    eventually("its session works", look, |count| *count == 1).await;
    // Another tenant's message goes all the way: the saga has had its chance.
    other.scan(&stage.waha, &working).await;
    let sent = other.send_text(&working, "now").await;
    other.message_becomes(&sent, "read").await;
    assert!(ledger_of(&stage.waha, "later").is_empty());

    platform.act(&format!("{path}/reactivate")).await.expect(204);
    let acme = stage.nobody().sign_in(acme.account()).await;
    acme.message_becomes(&waiting, "read").await;
    assert_eq!(ledger_of(&stage.waha, "later").len(), 1);
    stage.stop().await;
}

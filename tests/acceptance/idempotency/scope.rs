//! Whose a key is: a tenant's, on one route; and what is known of it from outside.

use acceptance::installation::Installation;
use acceptance::keyed::to_bob;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn the_same_key_of_another_tenant_or_on_another_route_is_another_key(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (one, other) = (stage.tenant().await, stage.tenant().await);
    let body = json!({ "name": "main" });
    let ours = one.post_once("k", "/sessions", &body).await.expect(201);
    let theirs = other.post_once("k", "/sessions", &body).await.expect(201);
    assert!(!theirs.is_replayed());
    assert_ne!(ours.text("id"), theirs.text("id"));

    let stop = format!("/sessions/{}/stop", ours.text("id"));
    assert!(!one.act_once("k", &stop).await.expect(200).is_replayed());
    // What another tenant's key was used for is not told by it.
    let foreign = other.act_once("k", &stop).await.expect(404);
    assert!(!foreign.is_replayed());
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_colleague_has_the_same_keys_and_needs_the_same_permission(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let first = tenant.send_once("k", &session, "once").await.expect(202);
    let admin = stage.colleague(&tenant, Role::TenantAdmin).await;
    let again = admin.send_once("k", &session, "once").await.expect(202);
    assert!(again.is_replayed());
    assert_eq!(again.text("id"), first.text("id"));
    let nobody = stage.nobody();
    let refused = nobody.post_once("k", "/messages/send", &to_bob(&session, "once")).await;
    assert_eq!((refused.status, refused.is_replayed()), (401, false));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_about_oneself_is_under_a_key_of_ones_own(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let one = stage.tenant().await;
    let other = stage.colleague(&one, Role::Viewer).await;
    for caller in [one, other] {
        let out = caller.act_once("k", "/auth/logout").await.expect(204);
        assert!(!out.is_replayed());
        caller.get("/messages").await.expect(401);
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_copy_of_the_database_tells_neither_keys_nor_answers(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let tenant = stage.tenant().await;
    let key = "a-key-nobody-else-has";
    let body = json!({ "name": "main" });
    let answer = tenant.post_once(key, "/sessions", &body).await.expect(201);
    // A bytea is shown in hexadecimal.
    let query = "select coalesce(string_agg(k::text, ' '), '') from idempotency_keys k";
    let shown: String = sqlx::query_scalar(query).fetch_one(&pool).await.unwrap();
    assert!(shown.len() > 500, "the answer is not there: {shown}");
    for secret in [key, &answer.text("id"), "main", "sessions", "success"] {
        assert!(!shown.contains(secret) && !shown.contains(&hex::encode(secret)), "{secret}");
    }
    stage.stop().await;
}

//! Who asks too often is told when to go on (A3, A8).

use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

const MINUTE: i64 = 60;

#[sqlx::test(migrations = "../migrations")]
async fn sign_ins_are_limited_for_one_account_and_not_for_another(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_RATE_LIMIT_PER_MINUTE", 3);
    let stage = Installation::start_with(pool, setup).await;
    let tenant = stage.directory().tenant().await;
    let attacked = stage.directory().user(tenant, Role::Viewer).await;
    let other = stage.directory().user(tenant, Role::Viewer).await;
    let nobody = stage.nobody();
    let wrong = json!({ "email": attacked.email, "password": "guess after guess" });
    for _ in 0..3 {
        nobody.post("/auth/login", &wrong).await.expect(401);
    }
    nobody.post("/auth/login", &wrong).await.assert_is_limited(3, MINUTE);
    nobody.post("/auth/login", &attacked.login()).await.assert_is_limited(3, MINUTE);
    nobody.post("/auth/login", &other.login()).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_tenants_requests_are_limited_and_another_tenant_is_not_touched(pool: PgPool) {
    let setup = Setup::default().set("RATE_LIMIT_PER_MINUTE", 5);
    let stage = Installation::start_with(pool, setup).await;
    let (busy, quiet) = (stage.tenant().await, stage.tenant().await);
    let first = busy.get("/messages").await.expect(200);
    assert_eq!(first.header("x-ratelimit-limit"), Some("5"));
    assert_eq!(first.header("x-ratelimit-remaining"), Some("4"));
    assert!(first.header("x-ratelimit-reset").is_some());
    for _ in 0..4 {
        busy.get("/messages").await.expect(200);
    }
    busy.get("/messages").await.assert_is_limited(5, MINUTE);
    let colleague = stage.colleague(&busy, Role::Viewer).await;
    colleague.get("/sessions").await.assert_is_limited(5, MINUTE);
    quiet.get("/messages").await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn one_users_requests_are_limited_and_a_colleague_is_not_touched(pool: PgPool) {
    let setup = Setup::default().set("USER_RATE_LIMIT_PER_MINUTE", 2);
    let stage = Installation::start_with(pool, setup).await;
    let busy = stage.tenant().await;
    let colleague = stage.colleague(&busy, Role::Viewer).await;
    let first = busy.get("/messages").await.expect(200);
    assert_eq!(first.header("x-ratelimit-limit"), Some("2"), "the tightest is told");
    assert_eq!(first.header("x-ratelimit-remaining"), Some("1"));
    busy.get("/messages").await.expect(200);
    busy.get("/sessions").await.assert_is_limited(2, MINUTE);
    colleague.get("/messages").await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn each_class_of_routes_has_a_limit_of_its_own(pool: PgPool) {
    let setup = Setup::default()
        .set("READ_RATE_LIMIT_PER_MINUTE", 3)
        .set("SEND_RATE_LIMIT_PER_MINUTE", 4)
        .set("CHANGE_RATE_LIMIT_PER_MINUTE", 5);
    let stage = Installation::start_with(pool, setup).await;
    let (busy, quiet) = (stage.tenant().await, stage.tenant().await);
    let ask = async |caller: &Caller, what: &str| match what {
        "read" => caller.get("/messages").await,
        "send" => caller.post("/messages/send", &json!({})).await,
        _ => caller.post("/users", &json!({})).await,
    };
    for (what, limit) in [("read", 3), ("send", 4), ("change", 5)] {
        for _ in 0..limit {
            assert_ne!(ask(&busy, what).await.status, 429, "{what}");
        }
        ask(&busy, what).await.assert_is_limited(limit, MINUTE);
        assert_ne!(ask(&quiet, what).await.status, 429, "{what}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn requests_from_one_address_are_limited_whoever_makes_them_and_webhooks_are_not_counted(
    pool: PgPool,
) {
    let setup = Setup::default()
        .set("ADDRESS_RATE_LIMIT_PER_MINUTE", 3)
        .set("TRUSTED_PROXIES", "127.0.0.1");
    let stage = Installation::start_with(pool, setup).await;
    let nobody = stage.nobody();
    let ask = async |address: &str, path: &str| {
        let request = nobody.request(Method::GET, path).header("X-Forwarded-For", address);
        nobody.send(request).await
    };
    let open = ask("2001:db8::1", "/openapi.json").await.expect(200);
    assert_eq!(open.header("x-ratelimit-limit"), Some("3"));
    assert_eq!(open.header("x-ratelimit-remaining"), Some("2"));
    let refused = ask("2001:db8::1", "/messages").await.expect(401);
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("1"), "who guesses tokens is counted");
    ask("2001:db8::2", "/openapi.json").await.expect(200);
    ask("2001:db8::3", "/messages").await.assert_is_limited(3, MINUTE);
    ask("2001:db8::3", "/openapi.json").await.assert_is_limited(3, MINUTE);
    ask("2001:db8:0:1::1", "/openapi.json").await.expect(200);
    for _ in 0..4 {
        let webhook = nobody.request(Method::POST, "/webhooks/waha").json(&json!({}));
        let answer = nobody.send(webhook.header("X-Forwarded-For", "192.0.2.7")).await;
        assert!(![429, 500].contains(&answer.status), "{answer:?}");
        ask("192.0.2.7", "/health/live").await.expect(200);
    }
    stage.stop().await;
}

//! Who asks too often is told when to go on (A3, A8).

use acceptance::answer::Answer;
use acceptance::clock;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

fn assert_is_limited(answer: &Answer, limit: &str) {
    answer.assert_is_problem();
    assert_eq!(answer.status, 429);
    assert_eq!(answer.codes(), ["RATE_LIMIT_EXCEEDED"]);
    let seconds = |name: &str| answer.header(name).and_then(|text| text.parse::<i64>().ok());
    assert!(seconds("retry-after").is_some_and(|wait| (1..=60).contains(&wait)), "{answer:?}");
    assert_eq!(answer.header("x-ratelimit-limit"), Some(limit));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    let reset = seconds("x-ratelimit-reset").unwrap() - clock::now().timestamp();
    assert!((0..=61).contains(&reset), "{answer:?}");
}

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
    assert_is_limited(&nobody.post("/auth/login", &wrong).await, "3");
    assert_is_limited(&nobody.post("/auth/login", &attacked.login()).await, "3");
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
    assert_is_limited(&busy.get("/messages").await, "5");
    let colleague = stage.colleague(&busy, Role::Viewer).await;
    assert_is_limited(&colleague.get("/sessions").await, "5");
    quiet.get("/messages").await.expect(200);
    stage.stop().await;
}

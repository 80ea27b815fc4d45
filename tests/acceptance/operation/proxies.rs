//! Behind a proxy that ends TLS, the client's address is what the proxy tells, and nobody else is believed.

use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

/// Signs in with a wrong password, with these lines of `X-Forwarded-For`; the status.
async fn guess(stage: &Installation, body: &Value, forwarded: &[&str]) -> u16 {
    let nobody = stage.nobody();
    let mut request = nobody.request(Method::POST, "/auth/login").json(body);
    for line in forwarded {
        request = request.header("X-Forwarded-For", *line);
    }
    nobody.send(request).await.status
}

async fn victim(stage: &Installation) -> Value {
    let tenant = stage.directory().tenant().await;
    let email = stage.directory().user(tenant, Role::Viewer).await.email;
    json!({ "email": email, "password": "guess after guess" })
}

#[sqlx::test(migrations = "../migrations")]
async fn who_makes_up_addresses_is_limited_all_the_same(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_ADDRESS_RATE_LIMIT_PER_MINUTE", 2);
    let stage = Installation::start_with(pool, setup).await;
    let body = victim(&stage).await;
    assert_eq!(guess(&stage, &body, &["203.0.113.1"]).await, 401);
    assert_eq!(guess(&stage, &body, &["203.0.113.2"]).await, 401);
    assert_eq!(guess(&stage, &body, &["203.0.113.3"]).await, 429);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn clients_behind_a_trusted_proxy_are_told_apart_by_what_the_proxy_added(pool: PgPool) {
    let setup = Setup::default()
        .set("LOGIN_ADDRESS_RATE_LIMIT_PER_MINUTE", 2)
        .set("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8");
    let stage = Installation::start_with(pool, setup).await;
    let body = victim(&stage).await;
    // What a client writes stands left of what the proxy adds.
    assert_eq!(guess(&stage, &body, &["1.1.1.1, 203.0.113.1"]).await, 401);
    assert_eq!(guess(&stage, &body, &["2.2.2.2", "203.0.113.1"]).await, 401);
    assert_eq!(guess(&stage, &body, &["3.3.3.3, 203.0.113.1, 10.0.0.9"]).await, 429);
    assert_eq!(guess(&stage, &body, &["203.0.113.2"]).await, 401);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_browser_that_came_by_tls_is_told_to_stay_with_it(pool: PgPool) {
    let told = async |stage: &Installation, proto: &str| {
        let nobody = stage.nobody();
        let request = nobody.request(Method::GET, "/nothing").header("X-Forwarded-Proto", proto);
        nobody.send(request).await.header("strict-transport-security").map(str::to_owned)
    };
    let setup = Setup::default().set("TRUSTED_PROXIES", "127.0.0.1");
    let behind = Installation::start_with(pool.clone(), setup).await;
    assert_eq!(told(&behind, "https").await.as_deref(), Some("max-age=31536000"));
    assert_eq!(told(&behind, "http").await, None);
    let alone = Installation::start(pool).await;
    assert_eq!(told(&alone, "https").await, None, "anybody could say so");
    behind.stop().await;
    alone.stop().await;
}

//! Whose web pages may call is set by `CORS_ORIGIN` (X7).

use acceptance::answer::Answer;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use heliograph::routes;
use reqwest::Method;
use sqlx::PgPool;

async fn preflight(stage: &Installation, origin: &str) -> Answer {
    let nobody = stage.nobody();
    let request = nobody.request(Method::OPTIONS, "/messages/send");
    let request = request.header("Origin", origin).header("Access-Control-Request-Method", "POST");
    nobody
        .send(request.header("Access-Control-Request-Headers", "authorization,content-type"))
        .await
}

#[sqlx::test(migrations = "../migrations")]
async fn the_listed_origin_may_call_and_others_may_not(pool: PgPool) {
    let setup =
        Setup::default().set("CORS_ORIGIN", "https://app.example.com, http://localhost:5173");
    let stage = Installation::start_with(pool, setup).await;
    for origin in ["https://app.example.com", "http://localhost:5173"] {
        let allowed = preflight(&stage, origin).await;
        assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
        assert!(allowed.header("access-control-allow-methods").is_some_and(|m| m.contains("POST")));
        let headers = allowed.header("access-control-allow-headers").unwrap().to_lowercase();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
    }
    let refused = preflight(&stage, "https://evil.example.com").await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
    let request = stage.nobody().request(Method::GET, "/health/live");
    let answer = stage.nobody().send(request.header("Origin", "https://app.example.com")).await;
    let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_lowercase();
    assert!(
        exposed.contains("x-request-id") || exposed == "*",
        "a page cannot read the request's id"
    );
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_may_use_every_method_and_header_of_the_api(pool: PgPool) {
    let setup = Setup::default().set("CORS_ORIGIN", "https://app.example.com");
    let stage = Installation::start_with(pool, setup).await;
    let allowed = preflight(&stage, "https://app.example.com").await;
    let listed = |name: &str| -> Vec<String> {
        let value = allowed.header(name).unwrap();
        value.split(',').map(|word| word.trim().to_ascii_lowercase()).collect()
    };
    let methods = listed("access-control-allow-methods");
    for route in routes::all() {
        let method = route.method().as_str().to_ascii_lowercase();
        assert!(methods.contains(&method), "{method} of {} is not in {methods:?}", route.path());
    }
    let headers = listed("access-control-allow-headers");
    for header in [
        "authorization",
        "content-type",
        "idempotency-key",
        "x-api-key",
        "x-tenant-id",
        "x-request-id",
        "x-read-after",
        "traceparent",
    ] {
        assert!(headers.iter().any(|listed| listed == header), "{header} is not in {headers:?}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_setting_no_other_page_may_call(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let refused = preflight(&stage, "https://app.example.com").await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
    stage.stop().await;
}

//! Problems are written in one envelope, or as RFC 9457 for who prefers it.

use acceptance::installation::Installation;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn an_unknown_route_and_an_unknown_method_are_problems_too(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let nobody = stage.nobody();
    for path in ["/nothing", "/api/v1/nothing", "/api/v2/messages", "/messages/a/b/c", "//"] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.assert_is_problem();
    }
    let answer = nobody.send(nobody.request(Method::PATCH, "/health")).await;
    assert_eq!(answer.status, 405);
    answer.assert_is_problem();
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_accepts_rfc_9457_gets_it(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let request = tenant.request(Method::POST, "/messages/send").json(&json!({ "colour": "red" }));
    let answer =
        tenant.send(request.header("Accept", "application/problem+json")).await.expect(400);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.body["status"], 400);
    for member in ["type", "title"] {
        assert!(answer.body[member].is_string(), "{}", answer.body);
    }
    assert!(answer.body.to_string().contains("colour"), "{}", answer.body);
    assert!(answer.body["success"].is_null());
    stage.stop().await;
}

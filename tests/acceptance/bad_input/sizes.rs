//! Addresses and headers larger than anybody means them are refused, in words.

use acceptance::installation::Installation;
use reqwest::Method;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn an_address_or_headers_beyond_the_limit_are_refused_as_problems(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;

    let long = format!("/messages?search={}", "x".repeat(9_000));
    let answer = tenant.get(&long).await.expect(414);
    answer.assert_is_problem();
    assert_eq!(answer.codes(), ["VALID_URI_TOO_LONG"]);

    let mut many = tenant.request(Method::GET, "/messages");
    for number in 0..70 {
        many = many.header(format!("x-{number}"), "x");
    }
    let large = tenant.request(Method::GET, "/messages").header("x-large", "x".repeat(40_000));
    for request in [many, large] {
        let answer = tenant.send(request).await.expect(431);
        answer.assert_is_problem();
        assert_eq!(answer.codes(), ["VALID_HEADERS_TOO_LARGE"]);
    }

    let names: Vec<_> = (0..70).map(|number| format!("n{number}=x")).collect();
    let answer = tenant.get(&format!("/messages?{}", names.join("&"))).await.expect(400);
    assert_eq!(answer.codes(), ["VALID_MALFORMED_REQUEST"]);

    let usual = format!("/messages?search={}", "x".repeat(200));
    tenant.get(&usual).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_field_given_twice_is_named_wherever_it_stands(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let cases = [
        (r#"{"name":"a","name":"b"}"#, "name"),
        (r#"{"name":"a","metadata":{"of":{"mine":1,"mine":2}}}"#, "metadata.of.mine"),
    ];
    for (body, field) in cases {
        let request = tenant.request(Method::POST, "/sessions").body(body);
        let answer = tenant.send(request.header("Content-Type", "application/json")).await;
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{answer:?}");
    }
    assert!(tenant.get("/sessions").await.rows().is_empty());
    stage.stop().await;
}

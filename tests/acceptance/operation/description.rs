//! The API describes itself: as OpenAPI, as a page, and as a collection for Postman.

use std::collections::BTreeSet;

use acceptance::installation::Installation;
use heliograph::routes;
use serde_json::Value;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn the_description_is_served_to_everybody_and_is_the_committed_one(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let committed: Value =
        serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    for path in ["/openapi.json", "/api/v1/openapi.json"] {
        let answer = stage.nobody().get(path).await.expect(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.body == committed, "{path} is another than docs/openapi.json");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_may_do_nothing_but_show_itself_and_ask_this_server(pool: PgPool) {
    let stage = Installation::start(pool).await;
    for prefix in ["", "/api/v1"] {
        let page = stage.nobody().get(&format!("{prefix}/docs")).await.expect(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        for word in ["unsafe", "http", "*"] {
            assert!(!policy.contains(word), "{policy}");
        }
        let text = String::from_utf8(page.bytes).unwrap();
        assert!(
            !text.contains("<style") && !text.contains("//"),
            "the page needs more than itself"
        );
        for (name, kind) in [("docs.css", "text/css"), ("docs.js", "text/javascript")] {
            assert!(text.contains(&format!("\"docs/{name}\"")), "{text}");
            let part = stage.nobody().get(&format!("{prefix}/docs/{name}")).await.expect(200);
            assert!(part.header("content-type").unwrap().starts_with(kind));
            assert_eq!(part.header("x-content-type-options"), Some("nosniff"));
        }
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_collection_for_postman_has_every_route(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let collection = stage.nobody().get("/auth/docs/postman/complete.json").await.expect(200).body;
    assert!(collection["info"]["schema"].as_str().unwrap().contains("/v2.1.0/"));
    let names = collection["variable"].as_array().unwrap().iter().map(|variable| &variable["key"]);
    assert_eq!(names.collect::<Vec<_>>(), ["baseUrl", "accessToken"]);
    assert_eq!(collection["auth"]["bearer"][0]["value"], "{{accessToken}}");

    let folders = collection["item"].as_array().unwrap().iter();
    let requests = folders.flat_map(|folder| folder["item"].as_array().unwrap());
    let asked: BTreeSet<_> = requests
        .map(|item| {
            let request = &item["request"];
            if let Some(body) = request["body"]["raw"].as_str() {
                assert!(serde_json::from_str::<Value>(body).unwrap().is_object(), "{item}");
            }
            let url = request["url"]["raw"].as_str().unwrap().strip_prefix("{{baseUrl}}").unwrap();
            format!("{} {url}", request["method"].as_str().unwrap())
        })
        .collect();
    let named = |path: &str| path.replace('{', ":").replace('}', "");
    let routes: BTreeSet<_> = routes::all()
        .iter()
        .map(|route| format!("{} {}", route.method(), named(route.path())))
        .collect();
    assert_eq!(asked, routes);
    stage.stop().await;
}

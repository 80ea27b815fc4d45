//! The registry: who may see and change it, what it refuses, and that no key is ever shown.

use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

use super::pair::{Pair, SECOND, SECOND_KEY};

#[sqlx::test(migrations = "../migrations")]
async fn a_server_is_listed_with_all_that_matters_and_without_its_key(pool: PgPool) {
    let pair = Pair::start(pool.clone(), Setup::default(), 7).await;
    let listed = pair.operator.get("/admin/waha-servers").await.expect(200);
    assert_eq!(listed.rows()[0]["name"], "default");
    assert_eq!(listed.rows()[0]["url"], json!(format!("{}/", pair.stage.waha.base_url())));
    let second = pair.server(SECOND).await;
    assert_eq!((&second["capacity"], &second["sessions"]), (&json!(7), &json!(0)));
    assert_eq!((&second["state"], &second["hasKey"]), (&json!("active"), &json!(true)));
    let changed = pair.change(SECOND, json!({ "apiKey": "a-newer-key", "capacity": 0 })).await;
    assert_eq!(changed.expect(200).data()["capacity"], json!(null));

    let events: Vec<String> =
        sqlx::query_scalar("select data::text from events").fetch_all(&pool).await.unwrap();
    assert!(events.iter().any(|event| event.contains("eu-1")));
    let shown = format!("{}{}", listed.body, events.concat());
    for key in [SECOND_KEY, "a-newer-key", pair.stage.waha.api_key()] {
        assert!(!shown.contains(key), "{key} is shown");
    }
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_registry_is_for_those_who_run_the_installation(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 1).await;
    for role in [Role::TenantAdmin, Role::Operator, Role::Viewer, Role::Auditor] {
        let caller = pair.stage.colleague(&pair.tenant, role).await;
        let refused = caller.get("/admin/waha-servers").await.expect(403);
        assert_eq!(refused.codes(), ["AUTHZ_INSUFFICIENT_PERMISSIONS"]);
        caller.post("/admin/waha-servers/eu-1/down", &json!({})).await.expect(403);
    }
    assert_eq!(pair.server(SECOND).await["state"], "active");
    pair.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_makes_no_server_is_refused_by_name(pool: PgPool) {
    let pair = Pair::start(pool, Setup::default(), 1).await;
    let server = |name: &str, url: &str, capacity: u64| json!({ "name": name, "url": url, "apiKey": "k", "capacity": capacity });
    for (body, field) in [
        (server("EU 1", "http://a", 1), "name"),
        (server("b", "ftp://a", 1), "url"),
        (server("b", "http://user:secret@a", 1), "url"),
        (server("b", "http://a", 100_001), "capacity"),
        (json!({ "name": "b", "url": "http://a", "apiKey": "a secret\n" }), "apiKey"),
    ] {
        let refused = pair.operator.post("/admin/waha-servers", &body).await.expect(400);
        assert_eq!(refused.fields(), [field], "{refused:?}");
        assert!(!refused.body.to_string().contains("secret"));
    }
    for (answer, code) in [
        (pair.register("http://a", 1).await, "WAHA_SERVER_ALREADY_EXISTS"),
        (
            pair.operator.post("/admin/waha-servers", &server("default", "http://a", 1)).await,
            "WAHA_SERVER_NAMED_BY_SETTINGS",
        ),
        (
            pair.operator.delete("/admin/waha-servers/default").await,
            "WAHA_SERVER_NAMED_BY_SETTINGS",
        ),
        (
            pair.change("default", json!({ "url": "http://a" })).await,
            "WAHA_SERVER_NAMED_BY_SETTINGS",
        ),
        (pair.change("default", json!({ "apiKey": "k" })).await, "WAHA_SERVER_NAMED_BY_SETTINGS"),
    ] {
        assert_eq!((answer.status, answer.codes()), (409, vec![code]), "{answer:?}");
    }
    for name in ["nowhere", "NO%20NAME", "%ff"] {
        let path = format!("/admin/waha-servers/{name}");
        pair.operator.get(&path).await.expect(404);
        pair.operator.delete(&path).await.expect(404);
        pair.operator.post(&format!("{path}/down"), &json!({})).await.expect(404);
    }
    pair.stop().await;
}

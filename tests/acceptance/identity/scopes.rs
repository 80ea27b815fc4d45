//! A key opens what its scopes name, and nothing else (A6).

use acceptance::caller::Caller;
use acceptance::installation::Installation;
use domain::access::{Permission, Role};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::roles::{Line, is_open, lines};

pub(super) async fn key(by: &Caller, scopes: &[Permission]) -> Value {
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let body = json!({ "name": "A program", "scopes": scopes });
    by.post("/api-keys", &body).await.expect(201).data().clone()
}

#[sqlx::test(migrations = "../migrations")]
async fn every_scope_opens_its_own_routes_and_nothing_more(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let admin = stage.colleague(&tenant, Role::PlatformAdmin).await;
    for scope in Permission::ALL {
        let made = key(&admin, &[scope]).await;
        let program = stage.nobody().with_token(made["key"].as_str().unwrap());
        for Line { method, path, access } in lines().iter().filter(|line| !is_open(&line.access)) {
            let request = program.request(method.clone(), path);
            let answer = program.send(request.json(&json!({}))).await;
            assert_ne!(answer.status, 401, "{method} {path}: {answer:?}");
            assert_eq!(
                answer.status == 403,
                access != scope.as_str(),
                "{scope:?}: {method} {path}: {answer:?}"
            );
            if answer.status == 403 {
                assert_eq!(answer.codes(), ["AUTHZ_INSUFFICIENT_PERMISSIONS"]);
                if access == "signed_in" {
                    continue; // no scope would do
                }
                let challenge = answer.header("www-authenticate").unwrap();
                assert!(challenge.contains("insufficient_scope"), "{challenge}");
                assert!(challenge.contains(access), "{challenge}");
            }
        }
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_gives_a_key_more_than_they_have(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    for scope in Permission::ALL.into_iter().filter(|scope| scope.is_of_the_installation()) {
        let body = json!({ "name": "Too much", "scopes": ["messages:read", scope.as_str()] });
        let refused = admin.post("/api-keys", &body).await.expect(403);
        assert_eq!(refused.fields(), ["scopes"]);
    }
    let made = key(&admin, &[Permission::ManageKeys, Permission::ReadMessages]).await;
    let program = stage.nobody().with_token(made["key"].as_str().unwrap());
    let own = key(&program, &[Permission::ReadMessages]).await;
    assert_eq!(own["createdBy"], json!({ "kind": "api_key", "id": made["id"] }));
    let more = json!({ "name": "Too much", "scopes": ["messages:send"] });
    program.post("/api-keys", &more).await.expect(403);
    let listed = admin.get("/api-keys").await.expect(200);
    assert!(listed.rows().iter().all(|row| row["name"] != "Too much"), "{listed:?}");
    stage.stop().await;
}

//! Tenants are made, suspended and let in again by who runs the installation (A1).

use acceptance::directory::PASSWORD;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../migrations")]
async fn a_tenant_is_made_with_its_first_administrator(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let somebody = stage.tenant().await;
    let platform = stage.colleague(&somebody, Role::PlatformAdmin).await;
    let acme = json!({ "name": "acme", "defaultCountry": "ID" });
    let made = platform.post("/admin/tenants", &acme).await.expect(201);
    let path = format!("/admin/tenants/{}", made.text("id"));
    assert_eq!(made.header("location"), Some(&*path));
    let shown = platform.get_after(&made, &path).await.expect(200);
    assert_eq!(shown.data()["name"], "acme");
    assert_eq!(platform.get("/admin/tenants").await.expect(200).rows()[0]["id"], made.data()["id"]);

    let admin = json!({ "email": "ada@acme.test", "password": PASSWORD, "role": "tenant_admin" });
    platform.post(&format!("{path}/users"), &admin).await.expect(201);
    let login = json!({ "email": "ada@acme.test", "password": PASSWORD });
    let token = stage.nobody().post("/auth/login", &login).await.expect(200).text("accessToken");
    let ada = stage.nobody().with_token(token);
    assert_eq!(ada.get("/users").await.expect(200).rows().len(), 1);
    ada.get("/admin/tenants").await.expect(403);

    let nowhere = format!("/admin/tenants/{}", Uuid::from_u128(1));
    assert_eq!(platform.get(&nowhere).await.expect(404).codes(), ["TENANT_NOT_FOUND"]);
    platform.post(&format!("{nowhere}/users"), &admin).await.expect(404);
    platform.act(&format!("{nowhere}/suspend")).await.expect(404);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_suspended_tenant_is_let_in_nowhere_until_it_is_reactivated(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let elsewhere = stage.another(&Setup::default());
    let (acme, other) = (stage.tenant().await, stage.tenant().await);
    let platform = stage.colleague(&other, Role::PlatformAdmin).await;
    let there = acme.at(format!("http://{}", elsewhere.address()));
    let refresh = stage.nobody().post("/auth/login", &acme.account().login()).await.expect(200);
    there.get("/messages").await.expect(200);

    let path = format!("/admin/tenants/{}", acme.tenant_id());
    let suspended = platform.act(&format!("{path}/suspend")).await.expect(204);
    for caller in [&acme, &there] {
        let refused = caller.get("/messages").await.expect(403);
        assert_eq!(refused.codes(), ["AUTHZ_TENANT_SUSPENDED"]);
    }
    let login = stage.nobody().post("/auth/login", &acme.account().login()).await.expect(403);
    assert_eq!(login.codes(), ["AUTHZ_TENANT_SUSPENDED"]);
    let refresh = json!({ "refreshToken": refresh.text("refreshToken") });
    let refreshed = stage.nobody().post("/auth/refresh", &refresh).await.expect(403);
    assert_eq!(refreshed.codes(), ["AUTHZ_TENANT_SUSPENDED"]);
    other.get("/messages").await.expect(200);
    let shown = platform.get_after(&suspended, &path).await.expect(200);
    assert!(shown.data()["suspendedAt"].is_string());

    platform.act(&format!("{path}/reactivate")).await.expect(204);
    let over = acme.get("/messages").await.expect(401);
    assert_eq!(over.codes(), ["AUTH_SESSION_REVOKED"], "who was signed in signs in again");
    stage.nobody().post("/auth/login", &acme.account().login()).await.expect(200);
    let own = format!("/admin/tenants/{}/suspend", platform.tenant_id());
    assert_eq!(platform.act(&own).await.expect(409).codes(), ["TENANT_IS_OWN"]);
    elsewhere.stop().await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn all_of_a_tenants_login_sessions_end_at_one_word(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (acme, other) = (stage.tenant().await, stage.tenant().await);
    let colleague = stage.colleague(&acme, Role::Viewer).await;
    let platform = stage.colleague(&other, Role::PlatformAdmin).await;
    let path = format!("/admin/tenants/{}/login-sessions", acme.tenant_id());
    platform.delete(&path).await.expect(204);
    for caller in [&acme, &colleague] {
        caller.get("/messages").await.expect(401);
    }
    other.get("/messages").await.expect(200);
    stage.nobody().sign_in(acme.account()).await.get("/messages").await.expect(200);
    stage.stop().await;
}

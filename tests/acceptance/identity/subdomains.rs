//! A subdomain names the tenant where people sign in (A2).

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::directory::PASSWORD;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use reqwest::header::HOST;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::tokens;

const ADA: &str = "ada@everywhere.test";

async fn stage(pool: PgPool) -> Installation {
    Installation::start_with(pool, Setup::default().set("TENANT_DOMAIN", "Helio.test")).await
}

/// Signs Ada in at a host.
async fn sign_in(stage: &Installation, host: &str) -> Answer {
    let nobody = stage.nobody();
    let login = json!({ "email": ADA, "password": PASSWORD });
    let request = nobody.request(Method::POST, "/auth/login").json(&login);
    nobody.send(request.header(HOST, host)).await
}

/// Makes Ada an account in a tenant.
async fn add_ada(platform: &Caller, tenant: &Caller) {
    let ada = json!({ "email": ADA, "password": PASSWORD, "role": "viewer" });
    let path = format!("/admin/tenants/{}/users", tenant.tenant_id());
    platform.post(&path, &ada).await.expect(201);
}

async fn take(platform: &Caller, tenant: &Caller, name: &str) -> Answer {
    let path = format!("/admin/tenants/{}/subdomains", tenant.tenant_id());
    platform.post(&path, &json!({ "name": name })).await
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_with_accounts_in_several_tenants_signs_in_where_the_subdomain_says(
    pool: PgPool,
) {
    let stage = stage(pool).await;
    let (acme, other) = (stage.tenant().await, stage.tenant().await);
    let platform = stage.colleague(&other, Role::PlatformAdmin).await;
    for (tenant, name) in [(&acme, "Acme"), (&other, "other")] {
        add_ada(&platform, tenant).await;
        take(&platform, tenant, name).await.expect(204);
    }
    let ambiguous = sign_in(&stage, "helio.test").await.expect(400);
    assert_eq!(ambiguous.codes(), ["VALID_TENANT_REQUIRED"]);
    sign_in(&stage, "elsewhere.test").await.expect(400);

    for (host, tenant) in [("acme.helio.test", &acme), ("OTHER.helio.TEST:8443", &other)] {
        let token = sign_in(&stage, host).await.expect(200).text("accessToken");
        let claims = tokens::claims(&token);
        assert_eq!(claims["tenant"], tenant.tenant_id().to_string(), "{host}");
    }
    let unknown = sign_in(&stage, "nobody.helio.test").await.expect(404);
    assert_eq!(unknown.codes(), ["TENANT_NOT_FOUND"]);
    assert_eq!(
        sign_in(&stage, "a.b.helio.test").await.expect(404).body["errors"],
        unknown.body["errors"]
    );

    let nobody = stage.nobody();
    let login = json!({ "email": ADA, "password": PASSWORD });
    let request = nobody.request(Method::POST, "/auth/login").json(&login);
    let request = request.header(HOST, "acme.helio.test");
    let contradicts = nobody.send(request.header("X-Tenant-ID", other.tenant_id().to_string()));
    assert_eq!(contradicts.await.expect(400).fields(), ["X-Tenant-ID"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_subdomain_is_one_tenants_until_it_is_taken_away(pool: PgPool) {
    let stage = stage(pool).await;
    let (acme, other) = (stage.tenant().await, stage.tenant().await);
    let platform = stage.colleague(&other, Role::PlatformAdmin).await;
    add_ada(&platform, &acme).await;
    take(&platform, &acme, "acme").await.expect(204);
    take(&platform, &acme, "acme").await.expect(204);
    let taken = take(&platform, &acme, "acme-2").await.expect(204);
    assert_eq!(
        take(&platform, &other, "ACME").await.expect(409).codes(),
        ["TENANT_SUBDOMAIN_TAKEN"]
    );
    assert_eq!(take(&platform, &acme, "a.b").await.expect(400).fields(), ["name"]);
    let nowhere = "/admin/tenants/00000000-0000-0000-0000-000000000001/subdomains";
    platform.post(nowhere, &json!({ "name": "free" })).await.expect(404);
    let path = format!("/admin/tenants/{}", acme.tenant_id());
    let shown = platform.get_after(&taken, &path).await.expect(200);
    assert_eq!(shown.data()["subdomains"], json!(["acme", "acme-2"]));

    let given_up = platform.delete("/admin/subdomains/Acme").await.expect(204);
    let shown = platform.get_after(&given_up, &path).await.expect(200);
    assert_eq!(shown.data()["subdomains"], json!(["acme-2"]));
    sign_in(&stage, "acme.helio.test").await.expect(404);
    sign_in(&stage, "acme-2.helio.test").await.expect(200);
    let gone = platform.delete("/admin/subdomains/acme").await.expect(404);
    assert_eq!(gone.codes(), ["TENANT_SUBDOMAIN_NOT_FOUND"]);
    take(&platform, &other, "acme").await.expect(204);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn whom_a_subdomain_was_given_to_and_by_whom_is_in_the_security_audit(pool: PgPool) {
    let stage = stage(pool).await;
    let acme = stage.tenant().await;
    let platform = stage.colleague(&acme, Role::PlatformAdmin).await;
    let taken = take(&platform, &acme, "acme").await.expect(204);
    let audit = platform.get_after(&taken, "/admin/audit/security").await.expect(200);
    let is_it = |event: &&Value| event["type"] == "subdomain_taken";
    let event = audit.rows().iter().find(is_it).expect("it is told");
    assert_eq!(event["data"]["name"], "acme");
    assert_eq!(event["subjectId"], acme.tenant_id().to_string());
    assert_eq!(event["actor"]["id"], platform.account().user_id.to_string());
    stage.stop().await;
}

//! Users of a tenant are made, changed and kept out by who may, and it holds at once (A1).

use acceptance::caller::Caller;
use acceptance::directory::{Account, PASSWORD};
use acceptance::installation::Installation;
use domain::access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

/// Makes a user over HTTP, and signs in as them.
async fn hire(stage: &Installation, admin: &Caller, email: &str, role: &str) -> (String, Caller) {
    let new = json!({ "email": email, "password": PASSWORD, "role": role });
    let made = admin.post("/users", &new).await.expect(201);
    let id = made.text("id");
    assert_eq!(made.header("location"), Some(&*format!("/users/{id}")));
    let shown = admin.get_after(&made, &format!("/users/{id}")).await.expect(200);
    assert_eq!((&shown.data()["email"], &shown.data()["role"]), (&json!(email), &json!(role)));
    let account = Account {
        tenant_id: admin.tenant_id(),
        user_id: id.parse().unwrap(),
        email: email.to_owned(),
    };
    (id, stage.nobody().sign_in(&account).await)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_user_is_made_and_listed_and_an_address_belongs_to_one(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let (id, ada) = hire(&stage, &admin, "ada@example.com", "operator").await;
    ada.get("/messages").await.expect(200);
    let users = admin.get("/users").await.expect(200);
    assert_eq!(users.rows()[0]["id"], json!(id));
    assert_eq!(users.body["meta"]["total"], 2);
    assert!(!String::from_utf8_lossy(&users.bytes).contains("argon2"));

    let again = json!({ "email": "ADA@example.com", "password": PASSWORD, "role": "viewer" });
    let taken = admin.post("/users", &again).await.expect(409);
    assert_eq!((taken.codes(), taken.fields()), (vec!["USER_ALREADY_EXISTS"], vec!["email"]));
    let other = stage.tenant().await;
    other.post("/users", &again).await.expect(201);

    let wrong = json!({ "email": "ada", "password": "short", "role": "king", "nickname": "a" });
    let wrong = admin.post("/users", &wrong).await.expect(400);
    assert_eq!(wrong.fields(), ["email", "role", "nickname"]);
    let short = json!({ "email": "b@example.com", "password": "short", "role": "viewer" });
    assert_eq!(admin.post("/users", &short).await.expect(400).fields(), ["password"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn another_role_holds_with_the_next_request(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let (id, ada) = hire(&stage, &admin, "ada@example.com", "viewer").await;
    ada.get("/users").await.expect(403);
    let role = format!("/users/{id}/role");
    admin.put(&role, &json!({ "role": "tenant_admin" })).await.expect(204);
    ada.get("/users").await.expect(200);
    admin.put(&role, &json!({ "role": "viewer" })).await.expect(204);
    ada.get("/users").await.expect(403);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_deactivated_user_is_out_at_once_and_back_only_by_signing_in(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let (id, ada) = hire(&stage, &admin, "ada@example.com", "viewer").await;
    admin.act(&format!("/users/{id}/deactivate")).await.expect(204);
    assert_eq!(ada.get("/messages").await.expect(401).codes(), ["AUTH_SESSION_REVOKED"]);
    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    let refused = stage.nobody().post("/auth/login", &login).await.expect(403);
    assert_eq!(refused.codes(), ["AUTH_ACCOUNT_DISABLED"]);
    let guessed = json!({ "email": "ada@example.com", "password": "something else" });
    let guessed = stage.nobody().post("/auth/login", &guessed).await.expect(401);
    assert_eq!(guessed.codes(), ["AUTH_INVALID_CREDENTIALS"], "told only to who knows it");

    admin.act(&format!("/users/{id}/reactivate")).await.expect(204);
    assert_eq!(ada.get("/messages").await.expect(401).codes(), ["AUTH_SESSION_REVOKED"]);
    stage.nobody().post("/auth/login", &login).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_reaches_beyond_their_own_role_or_takes_away_their_own(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let platform = stage.colleague(&admin, Role::PlatformAdmin).await;
    let king = json!({ "email": "k@example.com", "password": PASSWORD, "role": "platform_admin" });
    let refused = admin.post("/users", &king).await.expect(403);
    assert_eq!(refused.codes(), ["AUTHZ_ROLE_BEYOND_REACH"]);
    platform.post("/users", &king).await.expect(201);
    let theirs = format!("/users/{}", platform.account().user_id);
    for (method, path, body) in [
        ("PUT", format!("{theirs}/role"), json!({ "role": "viewer" })),
        ("PUT", format!("{theirs}/password"), json!({ "password": PASSWORD })),
        ("POST", format!("{theirs}/deactivate"), Value::Null),
        ("POST", format!("{theirs}/lock"), Value::Null),
        ("DELETE", format!("{theirs}/login-sessions"), Value::Null),
    ] {
        let request = admin.request(method.parse().unwrap(), &path);
        let refused = admin.send(request.json(&body)).await.expect(403);
        assert_eq!(refused.codes(), ["AUTHZ_ROLE_BEYOND_REACH"], "{method} {path}");
    }
    let own = format!("/users/{}", admin.account().user_id);
    let role = admin.put(&format!("{own}/role"), &json!({ "role": "viewer" })).await.expect(409);
    assert_eq!(role.codes(), ["USER_IS_ONESELF"]);
    admin.act(&format!("{own}/deactivate")).await.expect(409);
    platform.get("/messages").await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn another_password_ends_every_login_session(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let (id, ada) = hire(&stage, &admin, "ada@example.com", "viewer").await;
    let sign_in = async |password: &str| {
        let login = json!({ "email": "ada@example.com", "password": password });
        stage.nobody().post("/auth/login", &login).await
    };
    let change = async |by: &Caller, current: &str, new: &str| {
        let body = json!({ "currentPassword": current, "newPassword": new });
        by.post("/auth/password", &body).await
    };
    let wrong = change(&ada, "guessed", "another password").await.expect(401);
    assert_eq!(wrong.fields(), ["currentPassword"]);
    assert_eq!(change(&ada, PASSWORD, "short").await.expect(400).fields(), ["newPassword"]);
    ada.get("/messages").await.expect(200);

    change(&ada, PASSWORD, "her own new password").await.expect(204);
    ada.get("/messages").await.expect(401);
    sign_in(PASSWORD).await.expect(401);
    let again = sign_in("her own new password").await.expect(200);
    let ada = stage.nobody().with_token(again.text("accessToken"));

    let set = json!({ "password": "by the administrator" });
    admin.put(&format!("/users/{id}/password"), &set).await.expect(204);
    ada.get("/messages").await.expect(401);
    sign_in("her own new password").await.expect(401);
    sign_in("by the administrator").await.expect(200);
    stage.stop().await;
}

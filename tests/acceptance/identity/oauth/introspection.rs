//! A program asks what a token opens, and learns nothing of what is not its tenant's (RFC 7662, A6).

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

use super::browser::code;
use super::program::{Program, assert_refused, post};

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

async fn own_token(program: &Program) -> String {
    let given = program.token(&OWN).await.expect(200);
    given.body["access_token"].as_str().unwrap().to_owned()
}

/// That somebody gave a program for themselves.
async fn delegated(nobody: &Caller, program: &Program, user: &Caller) -> (String, String) {
    let given = program.spend(&code(nobody, program, user.account()).await).await.expect(200);
    let token = |name: &str| given.body[name].as_str().unwrap().to_owned();
    (token("access_token"), token("refresh_token"))
}

async fn assert_is_inactive(asker: &Program, token: &str) {
    let told = asker.introspect(token).await.expect(200);
    assert_eq!(told.body, json!({ "active": false }));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_program_is_told_what_a_token_of_its_tenant_opens_now(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let user = stage.colleague(&admin, Role::TenantAdmin).await;
    let nobody = stage.nobody();
    let asker = Program::on_its_own(&admin, nobody, &["messages:send"]).await;
    let robot = Program::on_its_own(&admin, nobody, &["messages:read", "messages:send"]).await;
    let app = Program::on_devices(&admin, nobody, &["messages:read", "sessions:manage"]).await;

    let told = asker.introspect(&own_token(&robot).await).await.expect(200);
    assert_eq!(told.header("cache-control"), Some("no-store"));
    let (iat, exp) = (told.body["iat"].as_i64().unwrap(), told.body["exp"].as_i64().unwrap());
    assert_eq!(exp - iat, 900);
    let tenant = admin.tenant_id();
    let expected = json!({
        "active": true, "scope": "messages:send messages:read", "client_id": robot.id, "sub": robot.id,
        "tenant": tenant, "token_type": "Bearer", "iat": iat, "exp": exp,
    });
    assert_eq!(told.body, expected);

    let (token, _) = delegated(nobody, &app, &user).await;
    let told = asker.introspect(&token).await.expect(200);
    let id = user.account().user_id;
    assert_eq!((&told.body["client_id"], &told.body["sub"]), (&json!(app.id), &json!(id)));
    assert_eq!(told.body["scope"], "messages:read sessions:manage");
    let role = json!({ "role": "viewer" });
    admin.put(&format!("/users/{id}/role"), &role).await.expect(204);
    let told = asker.introspect(&token).await.expect(200);
    assert_eq!(told.body["active"], true);
    assert_eq!(told.body["scope"], "messages:read", "a viewer may manage no sessions");

    let told = asker.introspect(user.token()).await.expect(200);
    assert_eq!((&told.body["active"], &told.body["sub"]), (&json!(true), &json!(id)));
    assert_eq!(told.body["scope"], "messages:read sessions:read");
    assert!(told.body.get("client_id").is_none(), "{told:?}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_what_is_over_foreign_or_no_token_nothing_is_told(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (admin, stranger) = (stage.tenant().await, stage.tenant().await);
    let nobody = stage.nobody();
    let scopes = ["messages:read"];
    let asker = Program::on_its_own(&admin, nobody, &scopes).await;
    let foreign = Program::on_its_own(&stranger, nobody, &scopes).await;
    let robot = Program::on_its_own(&admin, nobody, &scopes).await;
    let app = Program::on_devices(&admin, nobody, &scopes).await;
    let robots = own_token(&robot).await;
    let (users, refresh) = delegated(nobody, &app, &admin).await;
    for token in [&robots, &users, admin.token()] {
        assert_is_inactive(&foreign, token).await;
        assert_eq!(asker.introspect(token).await.expect(200).body["active"], true);
    }
    for token in ["nonsense", "x.y.z", &refresh, &format!("{users}x"), &"x".repeat(10_000)] {
        assert_is_inactive(&asker, token).await;
    }
    app.give_back(&refresh).await.expect(200);
    assert_is_inactive(&asker, &users).await;
    admin.delete(&format!("/oauth/clients/{}", robot.id)).await.expect(204);
    assert_is_inactive(&asker, &robots).await;
    let (users, _) = delegated(nobody, &app, &admin).await;
    admin.delete(&format!("/oauth/clients/{}", app.id)).await.expect(204);
    assert_is_inactive(&asker, &users).await;
    let mine = admin.token().to_owned();
    admin.delete("/auth/sessions").await.expect(204);
    assert_is_inactive(&asker, &mine).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_whose_time_is_over_is_inactive(pool: PgPool) {
    let setup = Setup::default().set("OAUTH_TOKEN_EXPIRES_IN", "1s");
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let robot = Program::on_its_own(&admin, stage.nobody(), &["messages:read"]).await;
    let token = own_token(&robot).await;
    let told = async || robot.introspect(&token).await.expect(200).body;
    let told = eventually("it is over", told, |told| told["active"] == false).await;
    assert_eq!(told, json!({ "active": false }));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn only_a_client_with_a_secret_may_ask(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let nobody = stage.nobody();
    let robot = Program::on_its_own(&admin, nobody, &["messages:read"]).await;
    let app = Program::on_devices(&admin, nobody, &["messages:read"]).await;
    let token = own_token(&robot).await;
    let wrong = Program { secret: Some("hgs_wrong".to_owned()), ..robot.clone() };
    let without = Program { secret: None, ..robot.clone() };
    for program in [&app, &wrong, &without] {
        let refused = program.introspect(&token).await;
        assert_refused(&refused, 401, "invalid_client");
    }
    let nameless = post(nobody, "/oauth/introspect", &[("token", &token)]).await;
    assert_refused(&nameless, 401, "invalid_client");
    admin.post("/oauth/introspect", &json!({ "token": token })).await.expect(400);
    assert_refused(&robot.introspect("").await, 400, "invalid_request");
    stage.stop().await;
}

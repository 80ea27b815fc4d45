//! A code is of the sign-in it was given for, and what it gives takes the place of no other login session (A2, A6).

use acceptance::caller::Caller;
use acceptance::directory::PASSWORD;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::browser::code;
use super::program::{Program, assert_refused};

const SCOPES: [&str; 1] = ["messages:read"];
const OTHER_PASSWORD: &str = "another, and a longer one";

async fn done(by: &Caller, method: Method, path: &str, body: Value) {
    let request = by.request(method, path);
    let request = if body.is_null() { request } else { request.json(&body) };
    let answer = by.send(request).await;
    assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_is_void_after_all_that_ends_its_users_login_sessions(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let mine = json!({ "currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD });
    let theirs = json!({ "password": OTHER_PASSWORD });
    for endings in [
        &[(Method::DELETE, "/auth/sessions", Value::Null)][..],
        &[(Method::POST, "/auth/password", mine)],
        &[(Method::DELETE, "/users/{id}/login-sessions", Value::Null)],
        &[(Method::PUT, "/users/{id}/password", theirs)],
        &[(Method::POST, "/users/{id}/deactivate", Value::Null)],
        &[
            (Method::POST, "/users/{id}/deactivate", Value::Null),
            (Method::POST, "/users/{id}/reactivate", Value::Null),
        ],
    ] {
        let user = stage.colleague(&admin, Role::Viewer).await;
        let code = code(nobody, &program, user.account()).await;
        for (method, path, body) in endings {
            let by = if path.starts_with("/auth") { &user } else { &admin };
            let path = path.replace("{id}", &user.account().user_id.to_string());
            done(by, method.clone(), &path, body.clone()).await;
        }
        let answer = program.spend(&code).await;
        assert_eq!(answer.status, 400, "{endings:?}: {answer:?}");
        assert_refused(&answer, 400, "invalid_grant");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_is_void_after_its_tenant_was_suspended_or_signed_out(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (admin, operator) = (stage.tenant().await, stage.tenant().await);
    let platform = stage.colleague(&operator, Role::PlatformAdmin).await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let tenant = format!("/admin/tenants/{}", admin.tenant_id());
    let void = code(nobody, &program, admin.account()).await;
    done(&platform, Method::DELETE, &format!("{tenant}/login-sessions"), Value::Null).await;
    assert_refused(&program.spend(&void).await, 400, "invalid_grant");
    let void = code(nobody, &program, admin.account()).await;
    done(&platform, Method::POST, &format!("{tenant}/suspend"), Value::Null).await;
    assert_refused(&program.spend(&void).await, 403, "access_denied");
    done(&platform, Method::POST, &format!("{tenant}/reactivate"), Value::Null).await;
    assert_refused(&program.spend(&void).await, 400, "invalid_grant");
    let good = code(nobody, &program, admin.account()).await;
    program.spend(&good).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_program_takes_no_login_sessions_place_and_is_told_so(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_SESSIONS_MAX", 2);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let elsewhere = stage.nobody().sign_in(admin.account()).await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let refused = program.spend(&code(nobody, &program, admin.account()).await).await;
    assert_refused(&refused, 400, "invalid_grant");
    let told = refused.body["error_description"].as_str().unwrap();
    assert!(told.contains("2 login sessions already"), "{told}");
    elsewhere.get("/messages").await.expect(200);
    let is_told = |body: &Value| {
        let refused = |row: &Value| {
            row["type"] == "access_refused" && row.to_string().contains("session_limit")
        };
        body["data"].as_array().is_some_and(|rows| rows.iter().any(refused))
    };
    let events = async || admin.get("/audit/security").await.expect(200).body;
    eventually("the refusal is told", events, is_told).await;

    elsewhere.act("/auth/logout").await.expect(204);
    let good = code(nobody, &program, admin.account()).await;
    program.spend(&good).await.expect(200);
    admin.get("/messages").await.expect(200);
    stage.stop().await;
}

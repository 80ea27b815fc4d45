//! Who knows the password and guesses at codes.

use acceptance::authenticator::Authenticator;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{challenged, verify};

#[sqlx::test(migrations = "../migrations")]
async fn wrong_codes_lock_the_account_however_often_the_password_is_right(pool: PgPool) {
    let setup = Setup::default()
        .set("LOGIN_FAILURES_MAX", 3)
        .set("ADDRESS_FAILURES_MAX", 1000)
        .set("MFA_RATE_LIMIT_PER_MINUTE", 50);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let user = stage.colleague(&admin, Role::Viewer).await;
    let phone = Authenticator::enroll(&user).await;
    let nobody = stage.nobody();
    for _ in 0..3 {
        let token = challenged(nobody, user.account()).await;
        verify(nobody, &token, &phone.wrong_code()).await.expect(401);
    }
    let locked = nobody.post("/auth/login", &user.account().login()).await.expect(401);
    assert_eq!(locked.codes(), ["AUTH_INVALID_CREDENTIALS"]);
    assert_eq!(locked.body["mfaToken"], Value::Null);

    let refusals = async || admin.get("/audit/security").await.expect(200).body.to_string();
    let are_told = |text: &String| {
        text.contains("second_factor")
            && text.contains("wrong_secret")
            && text.contains("user_locked")
    };
    eventually("the refusals and the lock are told", refusals, are_told).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_right_code_is_refused_like_a_wrong_one_while_the_account_is_locked(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let user = stage.colleague(&admin, Role::Viewer).await;
    let phone = Authenticator::enroll(&user).await;
    let token = challenged(stage.nobody(), user.account()).await;
    admin.act(&format!("/users/{}/lock", user.account().user_id)).await.expect(204);
    let right = verify(stage.nobody(), &token, &phone.code()).await.expect(401);
    let wrong = verify(stage.nobody(), &token, &phone.wrong_code()).await.expect(401);
    assert_eq!(right.body["errors"], wrong.body["errors"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn codes_are_limited_exactly_over_all_processes(pool: PgPool) {
    let setup = Setup::default().set("MFA_RATE_LIMIT_PER_MINUTE", 4);
    let stage = Installation::start_with(pool, setup.clone()).await;
    let caller = stage.tenant().await;
    let phone = Authenticator::enroll(&caller).await; // the first of the four
    let other = stage.another(&setup);
    let there = stage.nobody().at(format!("http://{}", other.address()));
    let token = challenged(stage.nobody(), caller.account()).await;
    let code = phone.wrong_code();
    for caller in [stage.nobody(), &there, &there] {
        verify(caller, &token, &code).await.expect(401);
    }
    let limited = verify(stage.nobody(), &token, &phone.code()).await.expect(429);
    limited.assert_is_limited(4, 60);
    other.stop().await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_challenge_is_no_access_token_and_nothing_else_is_a_challenge(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let caller = stage.tenant().await;
    let phone = Authenticator::enroll(&caller).await;
    let nobody = stage.nobody();
    for token in ["", "x.y.z", caller.token()] {
        verify(nobody, token, &phone.code()).await.expect(401);
    }
    let token = challenged(nobody, caller.account()).await;
    nobody.with_token(&token).get("/auth/sessions").await.expect(401);
    let refresh = json!({ "refreshToken": token });
    nobody.post("/auth/refresh", &refresh).await.expect(401);
    caller.delete("/auth/sessions").await.expect(204);
    let over = verify(nobody, &token, &phone.code()).await.expect(401);
    assert_eq!(over.codes(), ["AUTH_TOKEN_INVALID"], "a sign-out everywhere ends challenges, too");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn no_secret_of_a_second_factor_is_in_the_log_or_readable_in_a_table(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let caller = stage.tenant().await;
    let enrolled = caller
        .post("/auth/mfa/enroll", &json!({ "password": acceptance::directory::PASSWORD }))
        .await
        .expect(200);
    let mut phone = Authenticator::of(&enrolled);
    let code = json!({ "code": phone.confirming_code() });
    let confirmed = caller.post("/auth/mfa/confirm", &code).await.expect(200);
    let codes = confirmed.data()["backupCodes"].as_array().unwrap();
    phone.backup_codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    let token = challenged(stage.nobody(), caller.account()).await;
    verify(stage.nobody(), &token, &phone.backup_codes[0]).await.expect(200);

    let mut everything = String::new();
    for table in ["events", "second_factors", "backup_codes", "request_counts", "security_events"] {
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select t::text from {table} t")))
                .fetch_all(&pool)
                .await
                .unwrap();
        everything.extend(rows);
    }
    assert!(everything.contains("\\x"), "the tables were read");
    let everything = everything.to_lowercase();
    let hex = |text: &str| hex::encode(text);
    for secret in phone.backup_codes.iter().chain([&enrolled.text("secret"), &token]) {
        let plain = secret.replace('-', "");
        for form in [secret.to_lowercase(), plain.to_lowercase(), hex(secret), hex(&plain)] {
            assert!(!everything.contains(&form), "{form}");
        }
    }
    stage.stop().await;
}

//! The second factor: enrolled, asked for at each sign-in, and what a stranger makes of it (A4).

mod guessing;
mod once;

use acceptance::answer::Answer;
use acceptance::authenticator::Authenticator;
use acceptance::caller::Caller;
use acceptance::directory::{Account, PASSWORD};
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

/// The first half of a sign-in: the token for the second.
async fn challenged(nobody: &Caller, account: &Account) -> String {
    let asked = nobody.post("/auth/login", &account.login()).await.expect(401);
    asked.body["mfaToken"].as_str().expect("a challenge").to_owned()
}

async fn verify(nobody: &Caller, token: &str, code: &str) -> Answer {
    nobody.post("/auth/mfa/verify", &json!({ "mfaToken": token, "code": code })).await
}

async fn disable(caller: &Caller, code: &str) -> Answer {
    let request = caller.request(Method::DELETE, "/auth/mfa").json(&json!({ "code": code }));
    caller.send(request).await
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_has_a_second_factor_signs_in_with_password_and_code(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let caller = stage.tenant().await;
    let account = caller.account().clone();
    let phone = Authenticator::enroll(&caller).await;
    let nobody = stage.nobody();

    let asked = nobody.post("/auth/login", &account.login()).await.expect(401);
    asked.assert_is_problem();
    assert_eq!(asked.codes(), ["AUTH_MFA_REQUIRED"]);
    assert_eq!(asked.body["mfaRequired"], true);
    assert_eq!(asked.body["message"], "MFA verification required");
    let token = asked.body["mfaToken"].as_str().unwrap();
    nobody.with_token(token).get("/messages").await.expect(401);

    let pair = verify(nobody, token, &phone.code()).await.expect(200);
    assert_eq!(pair.data()["tokenType"], "Bearer");
    nobody.with_token(pair.text("accessToken")).get("/messages").await.expect(200);
    let refresh = json!({ "refreshToken": pair.text("refreshToken") });
    nobody.post("/auth/refresh", &refresh).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_enrolment_takes_the_password_and_changes_nothing_until_a_code_is_shown(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let caller = stage.tenant().await;
    let account = caller.account().clone();
    let enroll = async |password: &str| {
        caller.post("/auth/mfa/enroll", &json!({ "password": password })).await
    };
    let refused = enroll("not the password").await.expect(401);
    assert_eq!(refused.fields(), ["password"]);

    let enrolled = enroll(PASSWORD).await.expect(200);
    let uri = enrolled.text("otpauthUri");
    assert!(uri.starts_with("otpauth://totp/Heliograph:"), "{uri}");
    assert!(uri.contains(&enrolled.text("secret")), "{uri}");
    assert!(enrolled.text("qrCode").starts_with("data:image/svg+xml,"));
    stage.nobody().post("/auth/login", &account.login()).await.expect(200);

    let phone = Authenticator::of(&enrolled);
    let confirm =
        async |code: &str| caller.post("/auth/mfa/confirm", &json!({ "code": code })).await;
    let wrong = confirm(&phone.wrong_code()).await.expect(401);
    assert_eq!(wrong.codes(), ["AUTH_MFA_CODE_INVALID"]);
    stage.nobody().post("/auth/login", &account.login()).await.expect(200);
    confirm(&phone.confirming_code()).await.expect(200);
    stage.nobody().post("/auth/login", &account.login()).await.expect(401);
    assert_eq!(enroll(PASSWORD).await.expect(409).codes(), ["AUTH_MFA_ALREADY_ENABLED"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_second_factor_goes_with_a_code_and_not_without(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let caller = stage.tenant().await;
    let phone = Authenticator::enroll(&caller).await;
    disable(&caller, &phone.wrong_code()).await.expect(401);
    disable(&caller, &phone.code()).await.expect(204);
    stage.nobody().post("/auth/login", &caller.account().login()).await.expect(200);
    let gone = disable(&caller, &phone.backup_codes[0]).await.expect(409);
    assert_eq!(gone.codes(), ["AUTH_MFA_NOT_ENABLED"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_administrator_takes_a_lost_telephone_away_of_their_own_tenants_users_alone(
    pool: PgPool,
) {
    let stage = Installation::start(pool).await;
    let (admin, stranger) = (stage.tenant().await, stage.tenant().await);
    let user = stage.colleague(&admin, Role::Viewer).await;
    let account = user.account().clone();
    Authenticator::enroll(&user).await;
    let path = format!("/users/{}/mfa", account.user_id);
    stranger.delete(&path).await.expect(404);
    user.delete(&path).await.expect(403);
    let token = challenged(stage.nobody(), &account).await;
    let reset = admin.delete(&path).await.expect(204);
    stage.nobody().post("/auth/login", &account.login()).await.expect(200);
    let over = verify(stage.nobody(), &token, "123456").await.expect(401);
    assert_eq!(over.codes(), ["AUTH_TOKEN_INVALID"]);

    let position = reset.header("x-event-position").unwrap_or_default().to_owned();
    let events = async || admin.get("/audit/security").await.expect(200).body;
    let is_told = |body: &serde_json::Value| {
        let text = body.to_string();
        text.contains("user_second_factor_enabled") && text.contains("user_second_factor_disabled")
    };
    eventually(&format!("the audit tells of it ({position})"), events, is_told).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_key_for_secrets_nobody_enrols_and_the_answer_names_the_setting(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().set("SECRETS_KEY", "")).await;
    let caller = stage.tenant().await;
    let off = caller.post("/auth/mfa/enroll", &json!({ "password": PASSWORD })).await.expect(503);
    assert_eq!(off.codes(), ["AUTH_MFA_UNAVAILABLE"]);
    assert!(off.body.to_string().contains("SECRETS_KEY"), "{off:?}");
    stage.stop().await;
}

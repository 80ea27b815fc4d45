//! Signing in, and what a stranger learns by trying (A2, A3).

use acceptance::directory::PASSWORD;
use acceptance::installation::Installation;
use domain::access::Role;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../migrations")]
async fn a_user_signs_in_with_address_and_password(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.directory().tenant().await;
    let account = stage.directory().user(tenant, Role::Viewer).await;
    let nobody = stage.nobody();
    let answer = nobody.post("/auth/login", &account.login()).await.expect(200);
    assert_eq!(answer.data()["tokenType"], "Bearer");
    assert_eq!(answer.data()["expiresIn"], 24 * 60 * 60);
    let (access, refresh) = (answer.text("accessToken"), answer.text("refreshToken"));
    assert_ne!(access, refresh);
    nobody.with_token(access).get("/messages").await.expect(200);

    let by_other_name = json!({ "usernameOrEmail": account.email, "password": PASSWORD });
    nobody.post("/auth/login", &by_other_name).await.expect(200);
    let shouted = json!({ "email": account.email.to_uppercase(), "password": PASSWORD });
    nobody.post("/auth/login", &shouted).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wrong_password_and_an_unknown_address_get_one_and_the_same_answer(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let account = stage.tenant().await.account().clone();
    let mut answers = Vec::new();
    for (email, password) in [
        (account.email.as_str(), "wrong password"),
        ("nobody@nowhere.test", PASSWORD),
        ("nobody@nowhere.test", "wrong password"),
        (&account.email, &PASSWORD.to_uppercase()),
        (&account.email, &format!("{PASSWORD} ")),
    ] {
        let login = json!({ "email": email, "password": password });
        let mut refused = stage.nobody().post("/auth/login", &login).await.expect(401);
        refused.assert_is_problem();
        refused.body["requestId"] = json!(null);
        answers.push(refused.body);
    }
    assert_eq!(answers[0]["errors"][0]["code"], "AUTH_INVALID_CREDENTIALS");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_tenant_can_be_named_and_must_be_the_right_one(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    let sign_in = async |tenant: &str| {
        let request = nobody.request(Method::POST, "/auth/login").json(&account.login());
        nobody.send(request.header("X-Tenant-ID", tenant)).await
    };
    sign_in(&account.tenant_id.to_string()).await.expect(200);
    sign_in(&Uuid::nil().to_string()).await.expect(401);
    assert_eq!(sign_in("acme").await.expect(400).fields(), ["X-Tenant-ID"]);
    stage.stop().await;
}

//! Every decision about who may do what is told to auditors, and no secret with it (A7, E6).

use acceptance::answer::Answer;
use acceptance::directory::PASSWORD;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

fn types(answer: &Answer) -> Vec<&str> {
    answer.rows().iter().filter_map(|row| row["type"].as_str()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn decisions_are_told_with_who_from_where_and_for_which_request(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_FAILURES_MAX", 2).set("ADDRESS_FAILURES_MAX", 3);
    let stage = Installation::start_with(pool.clone(), setup).await;
    let admin = stage.tenant().await;
    let auditor = stage.colleague(&admin, Role::Auditor).await;
    let ada = stage.colleague(&admin, Role::Viewer).await;
    let user = ada.account().user_id;
    let guesser = stage.nobody().from([127, 0, 0, 5].into(), "guesser/1");
    for request in ["guess-1", "guess-2"] {
        let guess = json!({ "email": ada.account().email, "password": "S3cret-Gu3ss" });
        let guess = guesser.request(reqwest::Method::POST, "/auth/login").json(&guess);
        guesser.send(guess.header("X-Request-Id", request)).await.expect(401);
    }
    let unknown = json!({ "email": "nobody@nowhere.test", "password": "S3cret-Gu3ss" });
    guesser.post("/auth/login", &unknown).await.expect(401);
    admin.act(&format!("/users/{user}/unlock")).await.expect(204);
    admin.put(&format!("/users/{user}/role"), &json!({ "role": "operator" })).await.expect(204);
    let pair = stage.nobody().post("/auth/login", &ada.account().login()).await.expect(200);
    let refresh = json!({ "refreshToken": pair.text("refreshToken") });
    stage.nobody().post("/auth/refresh", &refresh).await.expect(200);
    stage.nobody().post("/auth/refresh", &refresh).await.expect(401);

    let expected = [
        "login_session_revoked",
        "login_session_refreshed",
        "login_session_started",
        "user_role_changed",
        "user_unlocked",
        "user_locked",
        "access_refused",
        "access_refused",
    ];
    let look = async || auditor.get("/audit/security?limit=100").await.expect(200);
    let seen = eventually("all is told", look, |seen| types(seen).starts_with(&expected)).await;
    let refused = seen.rows().iter().find(|row| row["requestId"] == "guess-2").unwrap();
    assert_eq!((&refused["ip"], &refused["userAgent"]), (&json!("127.0.0.5"), &json!("guesser/1")));
    assert_eq!(refused["userId"], json!(user));

    let of = async |query: &str| auditor.get(&format!("/audit/security?{query}")).await.expect(200);
    assert_eq!(types(&of("type=access_refused").await).len(), 2);
    assert_eq!(types(&of("ip=127.0.0.5").await).len(), 3);
    let hers = of(&format!("userId={user}&limit=100")).await;
    assert!(hers.rows().iter().all(|row| row["userId"] == json!(user)));
    assert!(types(&hers).starts_with(&expected), "{hers:?}");
    assert!(of("toDate=2020-01-01T00:00:00Z").await.rows().is_empty());
    assert_eq!(auditor.get("/audit/security?ip=x").await.expect(400).fields(), ["ip"]);

    let stranger = stage.tenant().await;
    let theirs = stranger.get("/audit/security").await.expect(200);
    assert!(theirs.rows().iter().all(|row| row["userId"] != json!(user)));
    ada.get("/audit/security").await.expect(403);
    let platform = stage.colleague(&admin, Role::PlatformAdmin).await;
    let installation = platform.get("/admin/audit/security").await.expect(200);
    assert_eq!(types(&installation)[..2], ["address_blocked", "access_refused"]);
    auditor.get("/admin/audit/security").await.expect(403);

    for secret in [PASSWORD, "S3cret-Gu3ss", &pair.text("refreshToken"), "argon2"] {
        assert!(!everything_in_the_log(&pool).await.contains(secret), "{secret} is in the log");
    }
    stage.stop().await;
}

async fn everything_in_the_log(pool: &PgPool) -> String {
    let rows: Vec<(Value, Value)> =
        sqlx::query_as("select data::jsonb, metadata::jsonb from events")
            .fetch_all(pool)
            .await
            .unwrap();
    rows.iter().map(|(data, metadata)| format!("{data}{metadata}")).collect::<Vec<_>>().concat()
}

#[sqlx::test(migrations = "../migrations")]
async fn who_is_signed_in_and_does_not_know_the_password_is_told_and_locked(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_FAILURES_MAX", 2);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let thief = stage.colleague(&admin, Role::Viewer).await;
    let user = thief.account().user_id;
    let change = json!({ "currentPassword": "S3cret-Gu3ss", "newPassword": "a new password" });
    thief.post("/auth/password", &change).await.expect(401);
    thief.post("/auth/mfa/enroll", &json!({ "password": "S3cret-Gu3ss" })).await.expect(401);
    let look = async || admin.get(&format!("/audit/security?userId={user}")).await.expect(200);
    let expected = ["user_locked", "access_refused", "access_refused"];
    let seen = eventually("it is told", look, |seen| types(seen).starts_with(&expected)).await;
    assert_eq!(seen.rows()[1]["data"]["means"], "password");
    stage.nobody().post("/auth/login", &thief.account().login()).await.expect(401);
    thief.get("/messages").await.expect(200);
    stage.stop().await;
}

//! A refresh token is good once; who uses it twice ends the whole sign-in (A2).

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::installation::Installation;
use serde_json::json;
use sqlx::PgPool;

async fn refresh(caller: &Caller, token: &str) -> Answer {
    caller.post("/auth/refresh", &json!({ "refreshToken": token })).await
}

#[sqlx::test(migrations = "../migrations")]
async fn each_refresh_spends_its_token_and_gives_the_next(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    let mut token =
        nobody.post("/auth/login", &account.login()).await.expect(200).text("refreshToken");
    for _ in 0..3 {
        let pair = refresh(nobody, &token).await.expect(200);
        assert_eq!(pair.data()["tokenType"], "Bearer");
        nobody.with_token(pair.text("accessToken")).get("/sessions").await.expect(200);
        assert_ne!(pair.text("refreshToken"), token);
        token = pair.text("refreshToken");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_spent_token_that_comes_back_ends_the_sign_in_for_everybody(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    let first = nobody.post("/auth/login", &account.login()).await.expect(200);
    let other_sign_in = nobody.sign_in(&account).await;
    let second = refresh(nobody, &first.text("refreshToken")).await.expect(200);

    let reused = refresh(nobody, &first.text("refreshToken")).await.expect(401);
    reused.assert_is_problem();
    assert_eq!(reused.codes(), ["AUTH_REFRESH_REUSED"]);
    let ended = refresh(nobody, &second.text("refreshToken")).await.expect(401);
    assert_eq!(ended.codes(), ["AUTH_SESSION_REVOKED"]);
    for answer in [&first, &second] {
        let refused =
            nobody.with_token(answer.text("accessToken")).get("/messages").await.expect(401);
        assert_eq!(refused.codes(), ["AUTH_SESSION_REVOKED"], "its access tokens end at once");
    }
    other_sign_in.get("/messages").await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_refreshes_at_once_with_one_token_at_most_one_succeeds(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    let token = nobody.post("/auth/login", &account.login()).await.expect(200).text("refreshToken");
    let (one, other) = tokio::join!(refresh(nobody, &token), refresh(nobody, &token));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    stage.stop().await;
}

//! Users who are made without a password choose it themselves.

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::mailbox::{self, INVITATION, RESET};
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;

use super::{forget, reset, sign_in, start};

const CHOSEN: &str = "chosen by myself";

async fn accept(nobody: &Caller, token: &str) -> Answer {
    let body = json!({ "token": token, "newPassword": CHOSEN });
    nobody.post("/auth/accept-invitation", &body).await
}

#[sqlx::test(migrations = "../migrations")]
async fn who_is_made_without_a_password_is_invited_and_chooses_one(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let admin = stage.tenant().await;
    let nobody = stage.nobody();
    let email = "ada@example.com";
    let made = admin.post("/users", &json!({ "email": email, "role": "operator" })).await;
    let path = format!("/users/{}", made.expect(201).text("id"));
    let token = mailbox::token(&catcher, email, INVITATION).await;
    for guess in ["none", "", CHOSEN] {
        sign_in(nobody, email, guess).await.expect(401);
    }
    reset(nobody, &token, CHOSEN).await.expect(400);
    accept(nobody, &token).await.expect(204);
    accept(nobody, &token).await.expect(400);
    sign_in(nobody, email, CHOSEN).await.expect(200);
    let look = async || admin.get(&path).await.body;
    eventually("the address counts as read", look, |body| body["data"]["isVerified"] == true).await;
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_lost_an_invitation_asks_for_a_new_password_instead(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let admin = stage.tenant().await;
    let nobody = stage.nobody();
    let email = "grace@example.com";
    admin.post("/users", &json!({ "email": email, "role": "viewer" })).await.expect(201);
    mailbox::token(&catcher, email, INVITATION).await;
    forget(nobody, email).await.expect(202);
    reset(nobody, &mailbox::token(&catcher, email, RESET).await, CHOSEN).await.expect(204);
    sign_in(nobody, email, CHOSEN).await.expect(200);
    stage.stop().await;
    catcher.stop().await;
}

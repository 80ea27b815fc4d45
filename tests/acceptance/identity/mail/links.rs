//! A forgotten password, and the link to a new one.

use std::time::Duration;

use acceptance::clock;
use acceptance::directory::PASSWORD;
use acceptance::eventually::eventually;
use acceptance::mailbox::{self, RESET, VERIFICATION};
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

use super::{forget, reset, sign_in, start};

const NEW: &str = "a new horse entirely";

#[sqlx::test(migrations = "../migrations")]
async fn a_link_by_mail_sets_a_new_password_once_and_ends_all_login_sessions(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let admin = stage.tenant().await;
    let user = stage.colleague(&admin, Role::Viewer).await;
    let email = user.account().email.clone();
    let nobody = stage.nobody();
    forget(nobody, &email.to_uppercase()).await.expect(202);
    let token = mailbox::token(&catcher, &email, RESET).await;
    user.get("/messages").await.expect(200);

    assert_eq!(reset(nobody, &token, "short").await.expect(400).fields(), ["newPassword"]);
    reset(nobody, &token, NEW).await.expect(204);
    assert_eq!(user.get("/messages").await.expect(401).codes(), ["AUTH_SESSION_REVOKED"]);
    sign_in(nobody, &email, PASSWORD).await.expect(401);
    sign_in(nobody, &email, NEW).await.expect(200);
    let again = reset(nobody, &token, "another horse entirely").await.expect(400);
    again.assert_is_problem();
    assert_eq!((again.codes(), again.fields()), (vec!["AUTH_LINK_INVALID"], vec!["token"]));
    sign_in(nobody, &email, NEW).await.expect(200);

    let path = format!("/users/{}", user.account().user_id);
    let look = async || admin.get(&path).await.expect(200).body;
    eventually("the address counts as read", look, |body| body["data"]["isVerified"] == true).await;
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_one_link_followed_twice_at_once_one_sets_the_password(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    forget(nobody, &account.email).await.expect(202);
    let token = mailbox::token(&catcher, &account.email, RESET).await;
    let (one, other) =
        tokio::join!(reset(nobody, &token, NEW), reset(nobody, &token, "another horse entirely"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 400]);
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_link_is_void_when_the_next_is_made_and_good_for_its_own_purpose_alone(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    let to_verify = mailbox::token(&catcher, &account.email, VERIFICATION).await;
    assert_eq!(reset(nobody, &to_verify, NEW).await.expect(400).codes(), ["AUTH_LINK_INVALID"]);

    forget(nobody, &account.email).await.expect(202);
    let first = mailbox::mails(&catcher, &account.email, RESET, 1).await;
    forget(nobody, &account.email).await.expect(202);
    let both = mailbox::mails(&catcher, &account.email, RESET, 2).await;
    reset(nobody, &mailbox::token_of(&first[0]), NEW).await.expect(400);
    reset(nobody, &mailbox::token_of(&both[1]), NEW).await.expect(204);
    for token in ["", "x", &"A".repeat(43)] {
        reset(nobody, token, NEW).await.expect(400);
    }
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_link_is_void_once_the_password_was_changed_otherwise(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let user = stage.tenant().await;
    let email = user.account().email.clone();
    let nobody = stage.nobody();
    forget(nobody, &email).await.expect(202);
    let token = mailbox::token(&catcher, &email, RESET).await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "changed by myself" });
    user.post("/auth/password", &change).await.expect(204);
    assert_eq!(reset(nobody, &token, NEW).await.expect(400).codes(), ["AUTH_LINK_INVALID"]);
    sign_in(nobody, &email, "changed by myself").await.expect(200);
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_links_time_runs_out(pool: PgPool) {
    let setup = Setup::default().set("MAIL_RESET_LIFETIME", "3s");
    let (stage, catcher) = start(pool, setup).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    forget(nobody, &account.email).await.expect(202);
    let over_at = clock::now() + Duration::from_secs(3);
    let token = mailbox::token(&catcher, &account.email, RESET).await;
    eventually("its time is over", async || clock::now(), |now| *now > over_at).await;
    assert_eq!(reset(nobody, &token, NEW).await.expect(400).codes(), ["AUTH_LINK_INVALID"]);
    sign_in(nobody, &account.email, PASSWORD).await.expect(200);
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_password_ends_a_lock_after_failures_and_none_by_order(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_FAILURES_MAX", 2);
    let (stage, catcher) = start(pool, setup).await;
    let admin = stage.tenant().await;
    let user = stage.colleague(&admin, Role::Viewer).await;
    let email = user.account().email.clone();
    let nobody = stage.nobody();
    for _ in 0..2 {
        sign_in(nobody, &email, "a guess at it").await.expect(401);
    }
    sign_in(nobody, &email, PASSWORD).await.expect(401);
    forget(nobody, &email).await.expect(202);
    let token = mailbox::token(&catcher, &email, RESET).await;
    reset(nobody, &token, NEW).await.expect(204);
    sign_in(nobody, &email, NEW).await.expect(200);

    admin.act(&format!("/users/{}/lock", user.account().user_id)).await.expect(204);
    forget(nobody, &email).await.expect(202);
    let mails = mailbox::mails(&catcher, &email, RESET, 2).await;
    reset(nobody, &mailbox::token_of(&mails[1]), PASSWORD).await.expect(204);
    sign_in(nobody, &email, PASSWORD).await.expect(401);
    stage.stop().await;
    catcher.stop().await;
}

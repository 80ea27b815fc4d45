//! What users are told of what was done to their accounts, and what of it is nowhere else.

use acceptance::authenticator::Authenticator;
use acceptance::directory::PASSWORD;
use acceptance::mailbox::{self, RESET};
use acceptance::setup::Setup;
use domain::access::Role;
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};

use super::{forget, reset, start};

#[sqlx::test(migrations = "../migrations")]
async fn users_are_told_whoever_changed_their_password_or_took_their_second_factor(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let admin = stage.tenant().await;
    let user = stage.colleague(&admin, Role::Viewer).await;
    let account = user.account().clone();
    let told = async |subject| mailbox::mails(&catcher, &account.email, subject, 1).await.len();
    let (id, email) = (account.user_id, &account.email);

    Authenticator::enroll(&user).await;
    admin.delete(&format!("/users/{id}/mfa")).await.expect(204);
    assert_eq!(told("Your second factor was taken away").await, 1);

    let change = json!({ "currentPassword": PASSWORD, "newPassword": "changed by myself" });
    user.post("/auth/password", &change).await.expect(204);
    assert_eq!(told("Your password was changed").await, 1);

    let set = admin.request(Method::PUT, &format!("/users/{id}/password"));
    admin.send(set.json(&json!({ "password": "set by somebody" }))).await.expect(204);
    assert_eq!(told("An administrator set your password").await, 1);

    forget(stage.nobody(), email).await.expect(202);
    let token = mailbox::token(&catcher, email, RESET).await;
    reset(stage.nobody(), &token, "set by a link").await.expect(204);
    assert_eq!(told("Your password was set").await, 1);
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_links_token_is_in_the_mail_and_in_no_event_and_no_table(pool: PgPool) {
    let (stage, catcher) = start(pool.clone(), Setup::default()).await;
    let account = stage.tenant().await.account().clone();
    forget(stage.nobody(), &account.email).await.expect(202);
    let token = mailbox::token(&catcher, &account.email, RESET).await;
    let (mut everything, mut tables) = (String::new(), 0);
    for table in ["events", "mails", "mailed_tokens", "request_counts", "security_events"] {
        let query = format!("select t::text from {table} t");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&pool).await.unwrap();
        tables += usize::from(!rows.is_empty());
        everything.extend(rows);
    }
    assert!(tables >= 3, "the tables were read");
    for form in [token.clone(), hex::encode(&token)] {
        assert!(!everything.contains(&form));
    }
    stage.stop().await;
    catcher.stop().await;
}

//! Mail outlives processes and SMTP servers: at least once, never none (A5).

use std::net::SocketAddr;

use acceptance::directory::PASSWORD;
use acceptance::eventually::eventually;
use acceptance::mailbox::{self, RESET};
use acceptance::port::Port;
use acceptance::setup::Setup;
use mail_catcher::MailCatcher;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use super::site::Site;

const NEW: &str = "a new horse entirely";
/// The lease of a mail runs out after a minute: here, at once.
const LEASES_RUN_OUT: &str = "update leases set expires_at = now(); \
    update mails set lease_until = now() where lease_until is not null; update mails set due_at = now();";

async fn catch_at(smtp: SocketAddr) -> MailCatcher {
    MailCatcher::start_at(smtp, SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_asked_for_while_smtp_was_away_is_sent_after_the_death_of_who_was_asked(
    pool: PgPool,
) {
    let smtp = Port::reserve().address();
    let setup = Setup::default()
        .set("SMTP_URL", format!("smtp://{smtp}"))
        .set("MAIL_FROM", "no-reply@heliograph.test");
    let site = Site::new(pool, setup).await;
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let account = tenant.account().clone();
    tenant.post("/auth/forgot-password", &json!({ "email": account.email })).await.expect(202);
    let set = tenant.request(Method::PUT, &format!("/users/{}/password", account.user_id));
    tenant.send(set.json(&json!({ "password": "set by myself" }))).await.expect(204);
    process.kill().await;

    sqlx::raw_sql(LEASES_RUN_OUT).execute(&site.database).await.unwrap();
    let next = site.serve().await;
    let catcher = catch_at(smtp).await;
    let token = mailbox::token(&catcher, &account.email, RESET).await;
    mailbox::mails(&catcher, &account.email, "An administrator set your password", 1).await;
    assert!(!String::from_utf8_lossy(&next.printed()).contains(&token));
    let body = json!({ "token": token, "newPassword": NEW });
    tenant.post("/auth/reset-password", &body).await.expect(204);
    next.kill().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_mail_whose_taking_was_not_heard_of_is_sent_again_and_the_newest_link_is_good(
    pool: PgPool,
) {
    let catcher = MailCatcher::start().await.unwrap();
    let site = Site::new(pool, Setup::default().mail(&catcher)).await;
    let process = site.serve().await;
    let tenant = site.tenant().await;
    let account = tenant.account().clone();
    mailbox::token(&catcher, &account.email, mailbox::VERIFICATION).await;
    catcher.set_mute(true);
    tenant.post("/auth/forgot-password", &json!({ "email": account.email })).await.expect(202);
    mailbox::mails(&catcher, &account.email, RESET, 1).await;
    process.kill().await;

    catcher.set_mute(false);
    sqlx::raw_sql(LEASES_RUN_OUT).execute(&site.database).await.unwrap();
    let next = site.serve().await;
    let mails = mailbox::mails(&catcher, &account.email, RESET, 2).await;
    assert_eq!(mails[0].message_id, mails[1].message_id, "whoever reads them can tell");
    let reset = async |mail| {
        let body = json!({ "token": mailbox::token_of(mail), "newPassword": NEW });
        tenant.post("/auth/reset-password", &body).await
    };
    reset(&mails[0]).await.expect(400);
    reset(&mails[1]).await.expect(204);
    let look = async || {
        sqlx::query_scalar::<_, i64>("select count(*) from mails")
            .fetch_one(&site.database)
            .await
            .unwrap()
    };
    eventually("nothing is left to be sent", look, |left| *left == 0).await;
    let login = json!({ "email": account.email, "password": PASSWORD });
    tenant.post("/auth/login", &login).await.expect(401);
    next.kill().await;
    catcher.stop().await;
}

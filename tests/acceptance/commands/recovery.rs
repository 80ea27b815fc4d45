//! `user reset-password`, `user verify-email`, `user reset-mfa`, `user create --invite`: for those who cannot get in.

use acceptance::authenticator::Authenticator;
use acceptance::caller::Caller;
use acceptance::directory::PASSWORD;
use acceptance::mailbox::{self, INVITATION};
use acceptance::process::Process;
use mail_catcher::MailCatcher;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::shell::{Ended, Shell};

const NOWHERE: &str = "http://127.0.0.1:9";
const EMAIL: &str = "ada@example.com";

async fn tenant_with_user(shell: &Shell) -> String {
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await["id"].clone();
    let tenant = tenant.as_str().unwrap().to_owned();
    let line = ["user", "create", "--tenant", &tenant, "--email", EMAIL, "--role", "viewer"];
    assert_eq!(shell.run_with(&line, PASSWORD).await.code, Some(0));
    tenant
}

async fn user(shell: &Shell, verb: &str, tenant: &str, email: &str, stdin: &str) -> Ended {
    shell.run_with(&["user", verb, "--tenant", tenant, "--email", email], stdin).await
}

fn login(password: &str) -> Value {
    json!({ "email": EMAIL, "password": password })
}

#[sqlx::test(migrations = "../migrations")]
async fn an_operator_sets_a_password_and_takes_a_lost_telephone_away(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = tenant_with_user(&shell).await;
    let process = Process::serve(&shell.environment).await;
    let nobody = Caller::nobody(shell.port.url());
    let token = nobody.post("/auth/login", &login(PASSWORD)).await.expect(200).text("accessToken");
    let signed_in = nobody.with_token(token);
    Authenticator::enroll(&signed_in).await;
    nobody.post("/auth/login", &login(PASSWORD)).await.expect(401);

    let reset = user(&shell, "reset-mfa", &tenant, EMAIL, "").await;
    assert_eq!(reset.code, Some(0), "{reset:?}");
    nobody.post("/auth/login", &login(PASSWORD)).await.expect(200);

    let reset = user(&shell, "reset-password", &tenant, EMAIL, "set by the operator\n").await;
    assert_eq!(reset.code, Some(0), "{reset:?}");
    assert!(!format!("{reset:?}").contains("set by the operator"));
    signed_in.get("/messages").await.expect(401);
    nobody.post("/auth/login", &login(PASSWORD)).await.expect(401);
    nobody.post("/auth/login", &login("set by the operator")).await.expect(200);
    process.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_operator_vouches_for_an_address(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE).set("REQUIRE_VERIFIED_EMAIL", Some("true"));
    let tenant = tenant_with_user(&shell).await;
    let process = Process::serve(&shell.environment).await;
    let nobody = Caller::nobody(shell.port.url());
    nobody.post("/auth/login", &login(PASSWORD)).await.expect(403);
    assert_eq!(user(&shell, "verify-email", &tenant, EMAIL, "").await.code, Some(0));
    nobody.post("/auth/login", &login(PASSWORD)).await.expect(200);
    process.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_operator_invites_where_there_is_an_smtp_server_and_is_told_of_the_setting_elsewhere(
    pool: PgPool,
) {
    let catcher = MailCatcher::start().await.unwrap();
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await["id"].clone();
    let tenant = tenant.as_str().unwrap();
    let line =
        ["user", "create", "--tenant", tenant, "--email", EMAIL, "--role", "viewer", "--invite"];
    let off = shell.run(&line).await;
    assert_eq!(off.code, Some(1));
    assert!(off.stderr.contains("SMTP_URL"), "{off:?}");

    let shell = shell
        .set("SMTP_URL", Some(&catcher.smtp_url()))
        .set("MAIL_FROM", Some("no-reply@heliograph.test"));
    assert_eq!(shell.run(&line).await.code, Some(0));
    let process = Process::serve(&shell.environment).await;
    let token = mailbox::token(&catcher, EMAIL, INVITATION).await;
    let accept = json!({ "token": token, "newPassword": PASSWORD });
    let nobody = Caller::nobody(shell.port.url());
    nobody.post("/auth/accept-invitation", &accept).await.expect(204);
    nobody.post("/auth/login", &login(PASSWORD)).await.expect(200);
    process.kill().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_is_changed_who_is_not_there_or_to_a_password_that_will_not_do(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = tenant_with_user(&shell).await;
    for verb in ["reset-password", "verify-email", "reset-mfa"] {
        let unknown = user(&shell, verb, &tenant, "bob@example.com", "long enough").await;
        assert_eq!(unknown.code, Some(1));
        assert!(unknown.stderr.contains("bob@example.com"), "{unknown:?}");
    }
    let short = user(&shell, "reset-password", &tenant, EMAIL, "short").await;
    assert_eq!(short.code, Some(1));
    assert!(short.stderr.contains("at least 8"), "{short:?}");
}

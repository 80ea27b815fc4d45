//! Who asks for mail learns nothing, and cannot ask for ever.

use acceptance::answer::Answer;
use acceptance::installation::Installation;
use acceptance::mailbox::{self, RESET};
use acceptance::setup::Setup;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{forget, start};

#[sqlx::test(migrations = "../migrations")]
async fn an_address_with_and_without_an_account_get_one_and_the_same_answer(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    for path in ["/auth/forgot-password", "/auth/verify-email/resend"] {
        let ask = async |email: &str| {
            let Answer { status, mut body, .. } =
                nobody.post(path, &json!({ "email": email })).await;
            body["requestId"] = Value::Null;
            (status, body)
        };
        let unknown = ask("nobody@nowhere.test").await;
        assert_eq!(unknown.0, 202);
        assert_eq!(ask(&account.email).await, unknown);
    }
    mailbox::mails(&catcher, &account.email, RESET, 1).await;
    assert!(catcher.mails_to("nobody@nowhere.test").is_empty(), "it was asked for first");
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_tenant_can_be_named_and_another_tenants_account_gets_no_mail(pool: PgPool) {
    let (stage, catcher) = start(pool, Setup::default()).await;
    let account = stage.tenant().await.account().clone();
    let ask = async |tenant: String| {
        let request = stage.nobody().request(Method::POST, "/auth/forgot-password");
        let request =
            request.header("X-Tenant-ID", tenant).json(&json!({ "email": account.email }));
        stage.nobody().send(request).await.expect(202)
    };
    ask(Uuid::nil().to_string()).await;
    ask(account.tenant_id.to_string()).await;
    assert_eq!(mailbox::mails(&catcher, &account.email, RESET, 1).await.len(), 1);
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn mail_is_limited_for_an_address_whether_it_has_an_account_or_not(pool: PgPool) {
    let setup = Setup::default().set("MAIL_RATE_LIMIT_PER_HOUR", 2);
    let (stage, catcher) = start(pool, setup.set("MAIL_ADDRESS_RATE_LIMIT_PER_HOUR", 5)).await;
    let account = stage.tenant().await.account().clone();
    let nobody = stage.nobody();
    for email in [account.email.as_str(), "nobody@nowhere.test"] {
        forget(nobody, email).await.expect(202);
        forget(nobody, email).await.expect(202);
        let limited = forget(nobody, email).await;
        if email == account.email {
            limited.assert_is_limited(2, 3_600);
        }
    }
    forget(nobody, "somebody.else@nowhere.test").await.expect(429); // the sixth from here
    stage.stop().await;
    catcher.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn without_an_smtp_server_the_answer_names_the_setting(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let off = forget(stage.nobody(), "ada@example.com").await.expect(503);
    assert_eq!(off.codes(), ["SYS_MAIL_OFF"]);
    assert!(off.body.to_string().contains("SMTP_URL"), "{off:?}");
    let admin = stage.tenant().await;
    let invited = json!({ "email": "ada@example.com", "role": "viewer" });
    assert_eq!(admin.post("/users", &invited).await.expect(400).fields(), ["password"]);
    stage.stop().await;
}

//! A user who has a second factor shows it to consent, too (A4, A6).

use acceptance::answer::Answer;
use acceptance::authenticator::Authenticator;
use acceptance::caller::Caller;
use acceptance::directory::{Account, PASSWORD};
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

use super::browser::{decide, html, of, request, sent_back, submit};
use super::program::Program;

const SCOPES: [&str; 1] = ["messages:read"];

/// The page after a right password.
async fn asked_for_a_code(nobody: &Caller, program: &Program, account: &Account) -> Answer {
    let page = decide(nobody, &request(program), account, PASSWORD, "allow").await.expect(200);
    assert!(html(&page).contains("name=\"code\""), "{page:?}");
    page
}

async fn show(nobody: &Caller, page: &Answer, code: &str) -> Answer {
    submit(nobody, page, &[("code", code), ("decision", "allow")]).await
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_has_a_second_factor_consents_with_password_and_code(pool: PgPool) {
    let setup = Setup::default().set("MFA_RATE_LIMIT_PER_MINUTE", 50);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let phone = Authenticator::enroll(&admin).await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let page = asked_for_a_code(nobody, &program, admin.account()).await;
    let text = html(&page);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(
        !text.contains(PASSWORD)
            && !text.contains("name=\"password\"")
            && !text.contains("<script")
    );
    assert!(
        text.contains("Pocket &lt;b&gt;shop&lt;/b&gt;"),
        "it says again what is allowed: {text}"
    );

    let again = show(nobody, &page, &phone.wrong_code()).await.expect(403);
    assert!(html(&again).contains("the code is wrong"), "{again:?}");
    show(nobody, &again, "").await.expect(403);
    let back = sent_back(&show(nobody, &again, &phone.code()).await);
    assert_eq!(of(&back, "state"), Some("a state & more"));
    assert_eq!(of(&back, "iss"), Some(stage.url().as_str()));
    assert_eq!(of(&back, "mfa_token"), None);
    let given = program.spend(of(&back, "code").unwrap()).await.expect(200);
    let acting = nobody.with_token(given.body["access_token"].as_str().unwrap());
    acting.get("/messages").await.expect(200);

    let spent = show(nobody, &again, &phone.backup_codes[0]).await.expect(403);
    assert!(html(&spent).contains("name=\"password\""), "a challenge leads to one code: {spent:?}");
    let page = asked_for_a_code(nobody, &program, admin.account()).await;
    show(nobody, &page, &phone.code()).await.expect(403); // it was shown before
    let back = sent_back(&show(nobody, &page, &phone.backup_codes[1]).await);
    assert!(of(&back, "code").is_some());
    let page = asked_for_a_code(nobody, &program, admin.account()).await;
    let denied = sent_back(&submit(nobody, &page, &[("decision", "deny")]).await);
    assert_eq!(of(&denied, "error"), Some("access_denied"));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn whether_there_is_a_second_factor_is_told_to_who_knows_the_password(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let (with, without) =
        (stage.colleague(&admin, Role::Viewer).await, stage.colleague(&admin, Role::Viewer).await);
    Authenticator::enroll(&with).await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let mut seen = vec![];
    for user in [&with, &without] {
        let wrong = decide(nobody, &request(&program), user.account(), "wrong", "allow").await;
        seen.push(html(&wrong.expect(403)).replace(&user.account().email, "somebody"));
    }
    assert_eq!(seen[0], seen[1]);
    assert!(!seen[0].contains("name=\"code\""), "{}", seen[0]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn guessing_codes_to_consent_locks_the_account_and_is_told(pool: PgPool) {
    let setup = Setup::default()
        .set("LOGIN_FAILURES_MAX", 3)
        .set("ADDRESS_FAILURES_MAX", 1000)
        .set("MFA_RATE_LIMIT_PER_MINUTE", 50);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let user = stage.colleague(&admin, Role::Viewer).await;
    let phone = Authenticator::enroll(&user).await;
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let page = asked_for_a_code(nobody, &program, user.account()).await;
    for _ in 0..3 {
        show(nobody, &page, &phone.wrong_code()).await.expect(403);
    }
    show(nobody, &page, &phone.code()).await.expect(403);
    let locked = decide(nobody, &request(&program), user.account(), PASSWORD, "allow").await;
    assert!(html(&locked.expect(403)).contains("name=\"password\""));
    let refusals = async || admin.get("/audit/security").await.expect(200).body.to_string();
    let are_told = |text: &String| text.contains("second_factor") && text.contains("user_locked");
    eventually("the refusals and the lock are told", refusals, are_told).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn codes_to_consent_are_limited_and_those_of_a_blocked_address_refused(pool: PgPool) {
    let setup = Setup::default().set("MFA_RATE_LIMIT_PER_MINUTE", 3).set("ADDRESS_FAILURES_MAX", 3);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let phone = Authenticator::enroll(&admin).await; // the first of the three
    let nobody = stage.nobody();
    let program = Program::on_devices(&admin, nobody, &SCOPES).await;
    let page = asked_for_a_code(nobody, &program, admin.account()).await;
    for _ in 0..2 {
        show(nobody, &page, &phone.wrong_code()).await.expect(403);
    }
    let limited = show(nobody, &page, &phone.code()).await.expect(429);
    assert!(limited.header("retry-after").is_some());
    assert!(html(&limited).contains("no more than 3 codes per minute"), "{limited:?}");
    let guess = json!({ "email": "nobody@nowhere.test", "password": "a guess" });
    nobody.post("/auth/login", &guess).await.expect(401);
    let blocked = show(nobody, &page, &phone.code()).await.expect(429);
    assert!(blocked.header("retry-after").is_some());
    assert!(html(&blocked).contains("this address is blocked"), "{blocked:?}");
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_challenge_of_another_tenant_or_before_a_sign_out_everywhere_leads_nowhere(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (admin, stranger) = (stage.tenant().await, stage.tenant().await);
    let phone = Authenticator::enroll(&admin).await;
    let nobody = stage.nobody();
    let own = Program::on_devices(&admin, nobody, &SCOPES).await;
    let foreign = Program::on_devices(&stranger, nobody, &SCOPES).await;
    let page = asked_for_a_code(nobody, &own, admin.account()).await;
    let astray = html(&page).replace(&own.id, &foreign.id);
    let astray = Answer { bytes: astray.into_bytes(), ..page.clone() };
    let refused = show(nobody, &astray, &phone.code()).await.expect(403);
    assert!(html(&refused).contains("name=\"password\""));
    admin.delete("/auth/sessions").await.expect(204);
    let over = show(nobody, &page, &phone.code()).await.expect(403);
    assert!(html(&over).contains("name=\"password\""));
    stage.stop().await;
}

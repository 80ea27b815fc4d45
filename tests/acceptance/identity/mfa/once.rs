//! Codes and challenges are good once, over all processes.

use acceptance::authenticator::Authenticator;
use acceptance::caller::Caller;
use acceptance::directory::Account;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use serde_json::json;
use sqlx::PgPool;

use super::{challenged, verify};

#[sqlx::test(migrations = "../migrations")]
async fn a_steps_code_is_good_once(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let caller = stage.tenant().await;
    let phone = Authenticator::enroll(&caller).await;
    let nobody = stage.nobody();
    let account = caller.account();
    let spent_at_enrolment = challenged(nobody, account).await;
    verify(nobody, &spent_at_enrolment, &phone.confirming_code()).await.expect(401);
    let code = phone.code();
    verify(nobody, &challenged(nobody, account).await, &code).await.expect(200);
    let again = verify(nobody, &challenged(nobody, account).await, &code).await.expect(401);
    assert_eq!(again.codes(), ["AUTH_MFA_CODE_INVALID"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_one_code_shown_to_two_processes_at_once_one_is_taken(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let caller = stage.tenant().await;
    let phone = Authenticator::enroll(&caller).await;
    let other = stage.another(&Setup::default());
    let (here, there) = (stage.nobody(), stage.nobody().at(format!("http://{}", other.address())));
    let shown_to = async |caller: &Caller, account: &Account, code: &str| {
        let token = challenged(caller, account).await;
        (token, caller.clone(), code.to_owned())
    };
    for code in [phone.code(), phone.backup_codes[3].clone()] {
        let (token, one, code) = shown_to(here, caller.account(), &code).await;
        let (other_token, other, _) = shown_to(&there, caller.account(), &code).await;
        let (one, other) =
            tokio::join!(verify(&one, &token, &code), verify(&other, &other_token, &code));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
    }
    other.stop().await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_backup_code_is_good_once_and_new_ones_make_the_old_void(pool: PgPool) {
    let stage =
        Installation::start_with(pool, Setup::default().set("MFA_RATE_LIMIT_PER_MINUTE", 50)).await;
    let caller = stage.tenant().await;
    let phone = Authenticator::enroll(&caller).await;
    let nobody = stage.nobody();
    assert_eq!(phone.backup_codes.len(), 10);
    let sign_in =
        async |code: &str| verify(nobody, &challenged(nobody, caller.account()).await, code).await;
    sign_in(&phone.backup_codes[0]).await.expect(200);
    sign_in(&phone.backup_codes[0]).await.expect(401);
    sign_in(&phone.backup_codes[1].to_lowercase().replace('-', " ")).await.expect(200);

    let ask = json!({ "code": phone.backup_codes[2] });
    let replaced = caller.post("/auth/mfa/backup-codes", &ask).await.expect(200);
    let new = replaced.data()["backupCodes"].as_array().unwrap().clone();
    assert_eq!(new.len(), 10);
    sign_in(&phone.backup_codes[4]).await.expect(401);
    sign_in(new[0].as_str().unwrap()).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_challenge_leads_to_one_login_session(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let caller = stage.tenant().await;
    let phone = Authenticator::enroll(&caller).await;
    let nobody = stage.nobody();
    let token = challenged(nobody, caller.account()).await;
    verify(nobody, &token, &phone.wrong_code()).await.expect(401);
    verify(nobody, &token, &phone.code()).await.expect(200);
    let again = verify(nobody, &token, &phone.backup_codes[0]).await.expect(401);
    assert_eq!(again.codes(), ["AUTH_TOKEN_INVALID"]);
    stage.stop().await;
}

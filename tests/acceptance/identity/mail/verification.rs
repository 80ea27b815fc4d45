//! Addresses that are confirmed.

use acceptance::mailbox::{self, VERIFICATION};
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

use super::{sign_in, start};

#[sqlx::test(migrations = "../migrations")]
async fn where_addresses_must_be_confirmed_nobody_signs_in_before(pool: PgPool) {
    let setup = Setup::default().set("REQUIRE_VERIFIED_EMAIL", "true");
    let (stage, catcher) = start(pool, setup).await;
    let tenant = stage.directory().tenant().await;
    let account = stage.directory().user(tenant, Role::Viewer).await;
    let nobody = stage.nobody();
    let refused = nobody.post("/auth/login", &account.login()).await.expect(403);
    refused.assert_is_problem();
    assert_eq!(refused.codes(), ["AUTH_EMAIL_UNVERIFIED"]);
    sign_in(nobody, &account.email, "not the password").await.expect(401);

    // One comes by itself; who lost it asks again.
    mailbox::mails(&catcher, &account.email, VERIFICATION, 1).await;
    let resend = json!({ "email": account.email });
    nobody.post("/auth/verify-email/resend", &resend).await.expect(202);
    let mails = mailbox::mails(&catcher, &account.email, VERIFICATION, 2).await;
    let verify =
        async |token: String| nobody.post("/auth/verify-email", &json!({ "token": token })).await;
    verify(mailbox::token_of(&mails[0])).await.expect(400);
    verify(mailbox::token_of(&mails[1])).await.expect(204);
    let reused = verify(mailbox::token_of(&mails[1])).await.expect(400);
    assert_eq!(reused.codes(), ["AUTH_LINK_INVALID"]);
    nobody.post("/auth/login", &account.login()).await.expect(200);
    stage.stop().await;
    catcher.stop().await;
}

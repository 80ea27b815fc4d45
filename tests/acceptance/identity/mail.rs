//! Mail: forgotten passwords, confirmed addresses, invitations, and what users are told (A5).

mod asking;
mod invitation;
mod links;
mod notices;
mod verification;

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use mail_catcher::MailCatcher;
use serde_json::json;
use sqlx::PgPool;

/// An installation that sends mail, and whoever catches it.
async fn start(pool: PgPool, setup: Setup) -> (Installation, MailCatcher) {
    let catcher = MailCatcher::start().await.unwrap();
    (Installation::start_with(pool, setup.mail(&catcher)).await, catcher)
}

async fn forget(nobody: &Caller, email: &str) -> Answer {
    nobody.post("/auth/forgot-password", &json!({ "email": email })).await
}

async fn reset(nobody: &Caller, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "newPassword": password });
    nobody.post("/auth/reset-password", &body).await
}

async fn sign_in(nobody: &Caller, email: &str, password: &str) -> Answer {
    nobody.post("/auth/login", &json!({ "email": email, "password": password })).await
}

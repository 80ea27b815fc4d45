//! The day somebody has got in: lock all, end all login sessions, void all passwords, block addresses (A7).

use acceptance::caller::Caller;
use acceptance::directory::Account;
use acceptance::installation::Installation;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";

async fn sign_in(stage: &Installation, account: &Account) -> u16 {
    stage.nobody().post("/auth/login", &account.login()).await.status
}

async fn status(caller: &Caller) -> u16 {
    caller.get("/messages").await.status
}

#[sqlx::test(migrations = "../migrations")]
async fn all_users_are_locked_and_unlocked_but_those_who_clear_up(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, NOWHERE);
    let (acme, other) = (stage.tenant().await, stage.tenant().await);
    let kept = acme.account().email.clone();
    let locked = shell.json(&["user", "lock-all", "--keep", &kept]).await;
    assert_eq!(locked, json!({ "users": 1 }));
    assert_eq!(sign_in(&stage, acme.account()).await, 200);
    assert_eq!(sign_in(&stage, other.account()).await, 401);
    assert_eq!(status(&other).await, 200, "its login sessions go on");
    shell.json(&["user", "unlock-all"]).await;
    assert_eq!(sign_in(&stage, other.account()).await, 200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn login_sessions_end_of_a_user_of_a_tenant_or_of_everybody(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, NOWHERE);
    let (acme, other) = (stage.tenant().await, stage.tenant().await);
    let ada = stage.colleague(&acme, Role::Viewer).await;
    let (tenant, user) = (acme.tenant_id().to_string(), ada.account().user_id.to_string());
    shell.json(&["sessions", "revoke-all", "--tenant", &tenant, "--user", &user]).await;
    assert_eq!((status(&ada).await, status(&acme).await), (401, 200));
    shell.json(&["sessions", "revoke-all", "--tenant", &tenant]).await;
    assert_eq!((status(&acme).await, status(&other).await), (401, 200));
    let ended = shell.json(&["sessions", "revoke-all"]).await;
    assert_eq!(ended, json!({ "tenants": 2 }));
    assert_eq!(status(&other).await, 401);
    assert_eq!(sign_in(&stage, other.account()).await, 200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn all_passwords_are_voided_and_nobody_stays_signed_in(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, NOWHERE);
    let (acme, other) = (stage.tenant().await, stage.tenant().await);
    let tenant = acme.tenant_id().to_string();
    shell.json(&["user", "reset-all-passwords", "--tenant", &tenant]).await;
    assert_eq!((status(&acme).await, sign_in(&stage, acme.account()).await), (401, 401));
    assert_eq!((status(&other).await, sign_in(&stage, other.account()).await), (200, 200));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_is_blocked_listed_and_unblocked(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, NOWHERE);
    let admin = stage.tenant().await;
    let there = admin.from([127, 0, 0, 68].into(), "somebody/1");
    shell.json(&["ip", "block", "127.0.0.68", "--for", "1h"]).await;
    assert_eq!(status(&there).await, 429);
    assert_eq!(status(&admin).await, 200);
    let look = async || shell.json(&["ip", "list"]).await;
    let listed = acceptance::eventually::eventually("it is listed", look, |list| {
        list[0]["address"] == "127.0.0.68"
    });
    listed.await;
    shell.json(&["ip", "unblock", "127.0.0.68"]).await;
    assert_eq!(status(&there).await, 200);
    shell.run(&["ip", "unblock", "127.0.0.68"]).await.assert_failed_because(&["is not blocked"]);
    let odd = shell.run(&["ip", "block", "127.0.0.68", "--for", "long"]).await;
    odd.assert_failed_because(&["--for is a duration"]);
    stage.stop().await;
}

//! Who guesses too often is stopped, wherever they ask (A3, A8).

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;

async fn guess(caller: &Caller, email: &str) -> acceptance::answer::Answer {
    caller.post("/auth/login", &json!({ "email": email, "password": "a guess" })).await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_locked_account_is_refused_like_one_that_is_not_there(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_FAILURES_MAX", 3);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let ada = stage.colleague(&admin, Role::Viewer).await;
    let account = ada.account().clone();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(guess(stage.nobody(), &account.email).await.expect(401).body);
        seen.push(guess(stage.nobody(), "nobody@nowhere.test").await.expect(401).body);
    }
    seen.push(stage.nobody().post("/auth/login", &account.login()).await.expect(401).body);
    for body in &mut seen {
        body["requestId"] = json!(null);
    }
    assert!(seen.iter().all(|body| *body == seen[0]), "{seen:#?}");
    ada.get("/messages").await.expect(200);

    let path = format!("/users/{}", account.user_id);
    let locked = async || admin.get(&path).await.expect(200).data()["isLocked"] == true;
    eventually("the lock is shown", locked, |locked| *locked).await;
    admin.act(&format!("{path}/unlock")).await.expect(204);
    stage.nobody().post("/auth/login", &account.login()).await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_lock_ends_by_itself(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_FAILURES_MAX", 1).set("LOGIN_LOCK_TIME", "1s");
    let stage = Installation::start_with(pool, setup.set("LOGIN_RATE_LIMIT_PER_MINUTE", 999)).await;
    let admin = stage.tenant().await;
    let account = stage.colleague(&admin, Role::Viewer).await.account().clone();
    guess(stage.nobody(), &account.email).await.expect(401);
    let path = format!("/users/{}", account.user_id);
    let user = async || admin.get(&path).await.expect(200).data().clone();
    let user = eventually("the lock is shown", user, |user| user["isLocked"] == true).await;
    assert!(user["lockedUntil"].is_string(), "{user}");
    let sign_in = async || stage.nobody().post("/auth/login", &account.login()).await.status;
    eventually("the lock is over", sign_in, |status| *status == 200).await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_with_too_many_failures_is_blocked_for_everything_and_unblocked(pool: PgPool) {
    let setup = Setup::default().set("ADDRESS_FAILURES_MAX", 3);
    let stage = Installation::start_with(pool, setup).await;
    let admin = stage.tenant().await;
    let platform = stage.colleague(&admin, Role::PlatformAdmin).await;
    let attacker = stage.nobody().from([127, 0, 0, 66].into(), "guesser/1");
    let neighbour = attacker.with_token(admin.token());
    neighbour.get("/messages").await.expect(200);
    for n in 0..3 {
        guess(&attacker, &format!("user{n}@nowhere.test")).await.expect(401);
    }
    for refused in [
        guess(&attacker, "user9@nowhere.test").await,
        attacker.post("/auth/login", &admin.account().login()).await,
        neighbour.get("/messages").await,
    ] {
        let refused = refused.expect(429);
        refused.assert_is_problem();
        assert_eq!(refused.codes(), ["RATE_IP_BLOCKED"]);
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((3500..=3600).contains(&wait), "{wait}");
    }
    admin.get("/messages").await.expect(200);

    let blocked = async || platform.get("/admin/blocked-addresses").await.expect(200);
    let blocked = eventually("it is listed", blocked, |list| !list.rows().is_empty()).await;
    assert_eq!(blocked.rows()[0]["address"], "127.0.0.66");
    assert_eq!(blocked.rows()[0]["reason"], "too_many_failures");
    let unblocked = platform.delete("/admin/blocked-addresses/127.0.0.66").await.expect(204);
    neighbour.get("/messages").await.expect(200);
    let list = platform.get_after(&unblocked, "/admin/blocked-addresses").await.expect(200);
    assert!(list.rows().is_empty());
    platform.delete("/admin/blocked-addresses/127.0.0.66").await.expect(404);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_is_blocked_by_order_and_for_a_time(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let platform = stage.colleague(&admin, Role::PlatformAdmin).await;
    let there = admin.from([127, 0, 0, 67].into(), "somebody/1");
    let block = async |body| platform.post("/admin/blocked-addresses", &body).await;
    block(json!({ "address": "127.0.0.67", "seconds": 1 })).await.expect(204);
    there.get("/messages").await.expect(429);
    let status = async || there.get("/messages").await.status;
    eventually("the block is over", status, |status| *status == 200).await;
    block(json!({ "address": "::ffff:127.0.0.67" })).await.expect(204);
    assert_eq!(there.get("/messages").await.expect(429).header("retry-after"), None);
    assert_eq!(block(json!({ "address": "somewhere" })).await.expect(400).fields(), ["address"]);
    assert_eq!(block(json!({ "address": "::1", "seconds": 0 })).await.fields(), ["seconds"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn sign_ins_are_counted_over_all_processes(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_RATE_LIMIT_PER_MINUTE", 5);
    let stage = Installation::start_with(pool, setup.clone()).await;
    let elsewhere = stage.another(&setup);
    let there = stage.nobody().at(format!("http://{}", elsewhere.address()));
    let guesses = (0..16).map(async |n| {
        let caller = if n % 2 == 0 { stage.nobody() } else { &there };
        guess(caller, "ada@example.com").await
    });
    let answers = futures::future::join_all(guesses).await;
    let mut remaining: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 401)
        .map(|answer| answer.header("x-ratelimit-remaining").unwrap().to_owned())
        .collect();
    remaining.sort_unstable();
    assert_eq!(remaining, ["0", "1", "2", "3", "4"]);
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!(refused.len(), 11);
    assert!(refused.iter().all(|answer| answer.header("retry-after").is_some()));
    elsewhere.stop().await;
    stage.stop().await;
}

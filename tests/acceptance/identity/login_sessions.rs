//! Login sessions are listed, limited and ended, and what is ended is so everywhere at once (A2).

use std::time::{Duration, Instant};

use acceptance::installation::Installation;
use acceptance::setup::Setup;
use domain::access::Role;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../migrations")]
async fn ones_own_sessions_are_listed_and_ended_one_by_one_or_all(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let here = stage.tenant().await;
    let account = here.account().clone();
    let phone = stage.nobody().from([127, 0, 0, 9].into(), "phone/7").sign_in(&account).await;
    let third = stage.nobody().post("/auth/login", &account.login()).await.expect(200);
    let listed = here.get_after(&third, "/auth/sessions").await.expect(200);
    assert_eq!(listed.rows().len(), 3);
    let current: Vec<_> = listed.rows().iter().filter(|row| row["isCurrent"] == true).collect();
    assert_eq!(current.len(), 1);
    let on_phone = listed.rows().iter().find(|row| row["userAgent"] == "phone/7").unwrap();
    assert_eq!(on_phone["ip"], "127.0.0.9");

    let path = format!("/auth/sessions/{}", on_phone["id"].as_str().unwrap());
    let ended = here.delete(&path).await.expect(204);
    assert_eq!(phone.get("/messages").await.expect(401).codes(), ["AUTH_SESSION_REVOKED"]);
    assert_eq!(here.get_after(&ended, "/auth/sessions").await.expect(200).rows().len(), 2);
    assert_eq!(here.delete(&path).await.expect(404).codes(), ["AUTH_SESSION_NOT_FOUND"]);
    let stranger = stage.colleague(&here, Role::TenantAdmin).await;
    let path = format!("/auth/sessions/{}", current[0]["id"].as_str().unwrap());
    let theirs = stranger.delete(&path).await.expect(404);
    let nobodys = stranger.delete(&format!("/auth/sessions/{}", Uuid::nil())).await.expect(404);
    assert_eq!(theirs.body["errors"], nobodys.body["errors"]);

    here.act("/auth/logout").await.expect(204);
    here.get("/messages").await.expect(401);
    let third = stage.nobody().with_token(third.text("accessToken"));
    third.delete("/auth/sessions").await.expect(204);
    third.get("/messages").await.expect(401);
    let again = stage.nobody().post("/auth/login", &account.login()).await.expect(200);
    let listed = stage.nobody().with_token(again.text("accessToken"));
    assert_eq!(listed.get_after(&again, "/auth/sessions").await.expect(200).rows().len(), 1);
    stage.stop().await;
}

#[expect(clippy::print_stdout, reason = "a figure, for whoever asks for it")]
#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_session_ends_on_every_process_within_a_second(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let elsewhere = stage.another(&Setup::default());
    let url = format!("http://{}", elsewhere.address());
    let admin = stage.tenant().await;
    let mut latencies = Vec::new();
    for _ in 0..5 {
        let user = stage.colleague(&admin, Role::Viewer).await;
        let there = user.at(&url);
        there.get("/messages").await.expect(200);
        let path = format!("/users/{}/login-sessions", user.account().user_id);
        admin.delete(&path).await.expect(204);
        let since = Instant::now();
        there.get("/messages").await.expect(401);
        latencies.push(since.elapsed());
    }
    // The very next request elsewhere is refused: its own time is all the latency there is.
    println!("refused elsewhere within {latencies:?} of the answer to the revocation");
    assert!(latencies.iter().all(|latency| *latency < Duration::from_secs(1)), "{latencies:?}");
    elsewhere.stop().await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn no_user_has_more_sessions_than_allowed_even_by_signing_in_at_once(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_SESSIONS_MAX", 3);
    let stage = Installation::start_with(pool, setup.clone()).await;
    let elsewhere = stage.another(&setup);
    let tenant = stage.directory().tenant().await;
    let account = stage.directory().user(tenant, Role::Viewer).await;
    let there = stage.nobody().at(format!("http://{}", elsewhere.address()));
    let sign_ins = (0..8).map(async |n| {
        let caller = if n % 2 == 0 { stage.nobody() } else { &there };
        caller.post("/auth/login", &account.login()).await
    });
    let answers = futures::future::join_all(sign_ins).await;
    let (let_in, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(let_in.len(), 3);
    for answer in &refused {
        assert_eq!((answer.status, answer.codes()), (409, vec!["SESSION_LIMIT_EXCEEDED"]));
    }

    let first = stage.nobody().with_token(let_in[0].text("accessToken"));
    first.act("/auth/logout").await.expect(204);
    stage.nobody().post("/auth/login", &account.login()).await.expect(200);
    stage.nobody().post("/auth/login", &account.login()).await.expect(409);
    let mut login = account.login();
    login["endOldestSession"] = json!(true);
    let forced = stage.nobody().post("/auth/login", &login).await.expect(200);
    let forced = stage.nobody().with_token(forced.text("accessToken"));
    assert_eq!(forced.get("/auth/sessions").await.expect(200).status, 200);
    let still_good = let_in[1..].iter().map(async |answer| {
        stage.nobody().with_token(answer.text("accessToken")).get("/messages").await.status
    });
    let mut still_good = futures::future::join_all(still_good).await;
    still_good.sort_unstable();
    assert_eq!(still_good, [200, 401], "the oldest made room");
    elsewhere.stop().await;
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_ends_with_its_lifetime_however_busy_it_is(pool: PgPool) {
    let setup = Setup::default().set("LOGIN_SESSION_LIFETIME", "2s");
    let stage = Installation::start_with(pool, setup).await;
    let account = stage.tenant().await.account().clone();
    let pair = stage.nobody().post("/auth/login", &account.login()).await.expect(200);
    let caller = stage.nobody().with_token(pair.text("accessToken"));
    let status = async || caller.get("/messages").await.status;
    acceptance::eventually::eventually("it is over", status, |status| *status == 401).await;
    let refresh = json!({ "refreshToken": pair.text("refreshToken") });
    let refused = stage.nobody().post("/auth/refresh", &refresh).await.expect(401);
    assert_eq!(refused.codes(), ["AUTH_SESSION_REVOKED"]);
    stage.stop().await;
}

//! API keys: shown once, good until their end, useless the moment they are revoked (A6).

use std::time::Duration;

use acceptance::answer::Answer;
use acceptance::caller::Caller;
use acceptance::clock;
use acceptance::directory::Directory;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::BOB;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::setup::Setup;
use chrono::TimeDelta;
use domain::access::{Permission, Role};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::Instant;

use super::leaks::tables_with;
use super::scopes::key;

/// No WAHA is needed.
const NOWHERE: &str = "http://127.0.0.1:9";

fn text(key: &Value) -> &str {
    key["key"].as_str().unwrap()
}

async fn with_header(caller: &Caller, name: &'static str, value: &str) -> Answer {
    caller.send(caller.request(Method::GET, "/messages").header(name, value)).await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_shown_once_and_works_in_either_header(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let body = json!({
        "name": "Shop", "scopes": ["messages:read", "messages:send"],
        "expiresAt": clock::now() + TimeDelta::days(1), "rateLimitPerMinute": 90,
    });
    let made = admin.post("/api-keys", &body).await.expect(201);
    let (id, key) = (made.text("id"), made.text("key"));
    assert_eq!(made.header("location"), Some(format!("/api-keys/{id}").as_str()));
    assert!(key.starts_with(&format!("hgk_{}_", made.text("prefix"))), "{key}");
    assert_eq!(key.len(), "hgk_12345678_".len() + 43);
    assert_eq!(made.data()["lastUsedAt"], Value::Null);

    let nobody = stage.nobody();
    with_header(nobody, "Authorization", &format!("Bearer {key}")).await.expect(200);
    with_header(nobody, "X-Api-Key", &key).await.expect(200);
    let both = nobody.with_token(&key);
    assert_eq!(with_header(&both, "X-Api-Key", &key).await.expect(400).fields(), ["X-Api-Key"]);

    let seen = admin.get(&format!("/api-keys/{id}")).await.expect(200);
    let used = seen.text("lastUsedAt").parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert!((clock::now() - used).num_seconds() < 60);
    let position = made.header("x-event-position").unwrap();
    let list = admin.request(Method::GET, "/api-keys").header("X-Read-After", position);
    let listed = admin.send(list).await.expect(200);
    assert_eq!(listed.rows()[0], *seen.data());
    for answer in [&seen, &listed] {
        assert!(!String::from_utf8_lossy(&answer.bytes).contains(&key[13..]), "{answer:?}");
    }

    let session = admin.session().await;
    let program = nobody.with_token(&key);
    let sent = program.send_text(&session, "by a program").await;
    let history = admin.history(&sent).await;
    assert_eq!(history[0]["metadata"]["actor"], json!({ "kind": "api_key", "id": id }));
    let body = json!({ "sessionId": session.id, "to": BOB, "body": "no history" });
    program.post("/messages/send", &body).await.expect(202);
    program.get(&format!("/messages/{sent}/events")).await.expect(403);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_key_of_ours_opens_nothing(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let made = key(&admin, &[Permission::ReadMessages]).await;
    let sound = text(&made);
    let other = key(&admin, &[Permission::ReadMessages]).await;
    let swapped = format!("{}{}", &sound[..13], &text(&other)[13..]);
    let flipped = format!("{}{}", &sound[..55], if sound.ends_with('A') { 'B' } else { 'A' });
    for wrong in [
        "hgk_",
        "hgk_aaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &sound[..55],
        &swapped,
        &flipped,
        &sound.to_uppercase(),
        &format!("{sound}A"),
        &format!("hgk_{}", "x".repeat(5_000)),
    ] {
        if wrong == sound {
            continue;
        }
        let refused = stage.nobody().with_token(wrong).get("/messages").await.expect(401);
        refused.assert_is_problem();
        let expected =
            if wrong.starts_with("HGK") { "AUTH_TOKEN_INVALID" } else { "AUTH_API_KEY_INVALID" };
        assert_eq!(refused.codes(), [expected], "{wrong}");
        assert!(refused.header("www-authenticate").unwrap().contains("invalid_token"));
    }
    let empty = with_header(stage.nobody(), "X-Api-Key", "").await.expect(401);
    assert_eq!(empty.codes(), ["AUTH_API_KEY_INVALID"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_ends_when_its_time_is_over(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let over = json!({ "name": "x", "scopes": ["messages:read"], "expiresAt": clock::now() });
    assert_eq!(admin.post("/api-keys", &over).await.expect(400).fields(), ["expiresAt"]);
    let end = clock::now() + TimeDelta::milliseconds(1_500);
    let body = json!({ "name": "Short", "scopes": ["messages:read"], "expiresAt": end });
    let made = admin.post("/api-keys", &body).await.expect(201);
    let program = stage.nobody().with_token(made.text("key"));
    program.get("/messages").await.expect(200);
    let look = async || program.get("/messages").await.codes().join("");
    eventually("it expires", look, |code| code == "AUTH_API_KEY_EXPIRED").await;
    assert!(clock::now() >= end);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn another_secret_takes_the_place_of_the_first_at_once_or_after_a_while(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let first = key(&admin, &[Permission::ReadMessages]).await;
    let rotate = format!("/api-keys/{}/rotate", first["id"].as_str().unwrap());
    let status = async |key: &str| stage.nobody().with_token(key).get("/messages").await.status;

    let second = admin.post(&rotate, &json!({})).await.expect(200);
    assert_eq!(second.data()["prefix"], first["prefix"]);
    assert_eq!((status(text(&first)).await, status(&second.text("key")).await), (401, 200));
    let third = admin.post(&rotate, &json!({ "overlapSeconds": 2 })).await.expect(200);
    assert_eq!((status(&second.text("key")).await, status(&third.text("key")).await), (200, 200));
    let look = async || status(&second.text("key")).await;
    eventually("the overlap ends", look, |status| *status == 401).await;
    assert_eq!(status(&third.text("key")).await, 200);

    let too_long = json!({ "overlapSeconds": 604_801 });
    assert_eq!(admin.post(&rotate, &too_long).await.expect(400).fields(), ["overlapSeconds"]);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_has_a_rate_of_its_own_within_its_tenants(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let admin = stage.tenant().await;
    let body = json!({ "name": "Slow", "scopes": ["messages:read"], "rateLimitPerMinute": 2 });
    let slow = admin.post("/api-keys", &body).await.expect(201);
    let slow = stage.nobody().with_token(slow.text("key"));
    let fast = key(&admin, &[Permission::ReadMessages]).await;
    let first = slow.get("/messages").await.expect(200);
    assert_eq!(first.header("x-ratelimit-limit"), Some("2"));
    assert_eq!(first.header("x-ratelimit-remaining"), Some("1"));
    slow.get("/messages").await.expect(200);
    let refused = slow.get("/messages").await.expect(429);
    assert_eq!(refused.codes(), ["RATE_LIMIT_EXCEEDED"]);
    assert!(refused.header("retry-after").is_some());
    let other = stage.nobody().with_token(text(&fast)).get("/messages").await.expect(200);
    assert_eq!(other.header("x-ratelimit-limit"), Some("6000"));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn another_tenants_key_is_as_if_it_were_not_there(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let (owner, stranger) = (stage.tenant().await, stage.tenant().await);
    let made = key(&owner, &[Permission::ReadMessages]).await;
    let path = format!("/api-keys/{}", made["id"].as_str().unwrap());
    for refused in [
        stranger.get(&path).await,
        stranger.delete(&path).await,
        stranger.post(&format!("{path}/rotate"), &json!({})).await,
        owner.get("/api-keys/no-id").await,
    ] {
        assert_eq!(refused.expect(404).codes(), ["API_KEY_NOT_FOUND"]);
    }
    assert!(stranger.get("/api-keys").await.expect(200).rows().is_empty());
    stage.nobody().with_token(text(&made)).get("/messages").await.expect(200);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_key_stops_at_once_on_another_process_and_is_nowhere_to_be_read(pool: PgPool) {
    let (one, other) = (Port::reserve(), Port::reserve());
    let setup = Setup::default().set("LOG_LEVEL", "trace,h2=warn,hyper=warn");
    let environment =
        |port: &Port| setup.environment(&pool.connect_options(), NOWHERE, port.address());
    let processes =
        [Process::serve(&environment(&one)).await, Process::serve(&environment(&other)).await];
    let directory = Directory::open(&pool, &setup);
    let account = directory.user(directory.tenant().await, Role::TenantAdmin).await;
    let admin = Caller::nobody(one.url()).sign_in(&account).await;

    let mut latencies = Vec::new();
    for _ in 0..20 {
        let made = key(&admin, &[Permission::ReadMessages]).await;
        let there = Caller::nobody(other.url()).with_token(text(&made));
        for _ in 0..3 {
            there.get("/messages").await.expect(200);
        }
        let path = format!("/api-keys/{}?reason=leaked", made["id"].as_str().unwrap());
        let asked = Instant::now();
        admin.delete(&path).await.expect(204);
        let refused = there.get("/messages").await.expect(401);
        latencies.push(asked.elapsed());
        assert_eq!(refused.codes(), ["AUTH_API_KEY_REVOKED"]);
        admin.delete(&path).await.expect(204); // it is so already
        let rotate = format!("/api-keys/{}/rotate", made["id"].as_str().unwrap());
        let too_late = admin.post(&rotate, &json!({})).await.expect(409);
        assert_eq!(too_late.codes(), ["API_KEY_REVOKED"]);
        let secret = &text(&made)[13..];
        assert_eq!(tables_with(&pool, secret).await, [""; 0]);
        let prefix = made["prefix"].as_str().unwrap();
        assert!(!tables_with(&pool, prefix).await.is_empty(), "nothing would be found");
        for process in &processes {
            let printed = String::from_utf8_lossy(&process.printed()).into_owned();
            assert!(printed.len() > 1_000 && !printed.contains(secret), "the log tells a secret");
        }
    }
    latencies.sort_unstable();
    assert!(latencies[19] < Duration::from_secs(5), "{latencies:?}");
    report(latencies[10], latencies[19]);
    for process in processes {
        process.kill().await;
    }
}

#[expect(clippy::print_stderr, reason = "this is what was measured")]
fn report(median: Duration, longest: Duration) {
    eprintln!(
        "revoked on one process, refused on another, from the request to the refusal: \
         median {median:?}, longest {longest:?}"
    );
}

//! `rebuild` beside engines that project and answer all the while.

use std::sync::atomic::{AtomicBool, Ordering};

use acceptance::caller::Caller;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::somebody;
use acceptance::process::Process;
use serde_json::Value;
use sqlx::PgPool;

use super::{Shell, VIEWS, listed};

/// However fast the views are exchanged, there is as much reading and writing.
const ROUNDS_MIN: u32 = 6;
const MESSAGES_MIN: usize = 6;

/// Asks everything there is to ask, over and over; whatever was told once is told ever after.
async fn ask(tenant: &Caller, known: &str, is_over: &AtomicBool) -> u32 {
    let (mut rounds, mut total, mut counted, mut events) = (0, 0, 0, 0);
    let grown = |before: &mut u64, now: &Value| {
        let now = now.as_u64().unwrap();
        assert!(now >= *before, "{now} after {before}");
        *before = now;
    };
    while !is_over.load(Ordering::SeqCst) || rounds < ROUNDS_MIN {
        let list = tenant.get("/messages?limit=5").await.expect(200);
        grown(&mut total, &list.body["meta"]["total"]);
        let found = tenant.get("/messages?search=from%20before").await.expect(200);
        assert_eq!(found.body["meta"]["total"], 1);
        let stats = tenant.get("/messages/stats").await.expect(200);
        grown(&mut counted, &stats.data()["totals"]["messages"]);
        let history = tenant.history(known).await;
        grown(&mut events, &history.len().into());
        let message = tenant.get(&format!("/messages/{known}")).await.expect(200);
        assert_eq!(message.data()["status"], "read");
        assert_eq!(tenant.get("/sessions").await.expect(200).rows().len(), 1);
        tenant.get("/dead-letters").await.expect(200);
        rounds += 1;
    }
    rounds
}

#[sqlx::test(migrations = "../migrations")]
async fn while_views_are_exchanged_no_request_fails_and_nothing_goes_missing(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let known = tenant.send_text(&session, "from before").await;
    tenant.message_becomes(&known, "read").await;

    let is_over = AtomicBool::new(false);
    let write = async {
        let mut sent = Vec::new();
        while !is_over.load(Ordering::SeqCst) || sent.len() < MESSAGES_MIN {
            let to = somebody(sent.len());
            sent.push(tenant.send_to(&session, &to, &format!("meanwhile {}", sent.len())).await);
        }
        sent
    };
    let rebuild = async {
        for version in [2, 3] {
            let rebuilt = shell.json(&["projections", "rebuild", "--all"]).await;
            let rebuilt = rebuilt.as_array().unwrap();
            assert_eq!(rebuilt.len(), VIEWS);
            assert!(rebuilt.iter().all(|view| view["version"] == version), "{rebuilt:?}");
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let (sent, (), one, other) = tokio::join!(
        write,
        rebuild,
        ask(&tenant, &known, &is_over),
        ask(&tenant, &known, &is_over)
    );
    assert!(one >= ROUNDS_MIN && other >= ROUNDS_MIN && sent.len() >= MESSAGES_MIN);
    for id in &sent {
        tenant.message_becomes(id, "read").await;
    }
    let verified = shell.json(&["projections", "verify", "--all"]).await;
    for view in verified.as_array().unwrap() {
        assert_eq!(view["differences"], Value::Array(Vec::new()), "{view}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn killed_or_interrupted_it_leaves_the_live_view_as_it_was(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, "from before").await;
    tenant.message_becomes(&id, "read").await;
    // Somebody who uses the live view keeps every rebuild of it from ending.
    let mut user = pool.begin().await.unwrap();
    sqlx::query("select from messages").execute(&mut *user).await.unwrap();
    let line = ["projections", "rebuild", "messages"];
    let build = async || listed(&shell, "messages").await["build"].clone();
    let has_loaded =
        |build: &Value| build["isRunning"] == true && build["eventsApplied"].as_u64() > Some(5);

    let killed = Process::begin(&shell.environment, &line);
    eventually("it is under way", build, has_loaded).await;
    shell.run(&line).await.assert_failed_because(&["by another process"]);
    shell
        .run(&["projections", "verify", "messages"])
        .await
        .assert_failed_because(&["by another process"]);
    let text = shell.run(&["projections", "list"]).await.stdout;
    assert!(text.contains("rebuild under way"), "{text}");
    killed.kill().await;
    eventually("its connection ends", build, |build| build["isRunning"] == false).await;
    let text = shell.run(&["projections", "list"]).await.stdout;
    assert!(text.contains("a rebuild was interrupted"), "{text}");
    assert_eq!(listed(&shell, "messages").await["version"], 1);
    assert_eq!(tenant.message(&id).await["status"], "read");

    let interrupted = Process::begin(&shell.environment, &line);
    eventually("the next is under way", build, has_loaded).await;
    interrupted.signal("INT").await;
    eventually("it tidies up", build, Value::is_null).await;
    assert_eq!(interrupted.end().await.code(), Some(1));
    let left: i64 =
        sqlx::query_scalar("select count(*) from pg_namespace where nspname like 'messages%'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(left, 0);

    user.rollback().await.unwrap();
    assert_eq!(shell.json(&line).await[0]["version"], 2);
    assert_eq!(tenant.message(&id).await["status"], "read");
    stage.stop().await;
}

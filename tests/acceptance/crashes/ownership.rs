//! Projections and sagas have one owner each; one that slept past its lease does no harm when it wakes (D9, E3).

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::eventually::{eventually, within};
use acceptance::messages::somebody;
use acceptance::port::Port;
use acceptance::process::Process;
use acceptance::setup::Setup;
use futures::future::join_all;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::site::{Site, settled};

/// A lease runs out after 5 seconds and is looked for twice a second; the rest is for a busy machine.
const TAKEN_OVER: Duration = Duration::from_secs(30);
/// Eleven projections and three sagas; the watcher of sessions takes its own later.
const LEASES: usize = 14;

/// Who owns what, with the fencing token: the read models and the sagas that follow the log.
async fn owners(pool: &PgPool) -> BTreeMap<String, (Uuid, i64)> {
    let rows: Vec<(String, Uuid, i64)> = sqlx::query_as(
        "select name, owner, fence from leases
         where expires_at > clock_timestamp() and name <> 'saga session-watcher'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().map(|(name, owner, fence)| (name, (owner, fence))).collect()
}

/// The fencing token each reader of the log was last moved with.
async fn fences(pool: &PgPool) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select 'saga ' || saga, fence from saga_checkpoints
         union all select 'projection ' || projection, fence from projection_checkpoints",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn an_owner_that_slept_past_its_leases_cannot_write_when_it_wakes(pool: PgPool) {
    let site = Site::new(pool, Setup::default()).await;
    let sleeper = site.serve().await;
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let look = async || owners(&site.database).await;
    let before = eventually("it owns everything", look, |all| all.len() == LEASES).await;
    assert!(before.values().all(|(_, fence)| *fence == 1), "{before:?}");

    let other_port = Port::reserve();
    let other = Process::serve(&site.environment(&other_port)).await;
    sleeper.signal("STOP").await;
    let has_passed_on = |all: &BTreeMap<String, (Uuid, i64)>| {
        all.len() == LEASES && all.iter().all(|(name, (owner, _))| before[name].0 != *owner)
    };
    let after = within(TAKEN_OVER, "everything has another owner", look, has_passed_on).await;
    assert!(after.values().all(|(_, fence)| *fence == 2), "{after:?}");
    let awake = tenant.at(other_port.url());
    let first = awake.send_text(&session, "while it sleeps").await;
    awake.message_becomes(&first, "sent").await;

    sleeper.signal("CONT").await;
    let texts: Vec<_> = (0..20).map(|n| format!("after it woke {n}")).collect();
    for (n, text) in texts.iter().enumerate() {
        let door = [&tenant, &awake][n % 2]; // it still answers, and appends
        door.send_to(&session, &somebody(n % 3), text).await;
    }
    let statuses = settled(&awake, &session, &texts).await;
    assert!(statuses.values().all(|status| status != "unknown"), "{statuses:?}");
    assert!(site.sends().values().all(|count| *count == 1), "{:?}", site.sends());
    assert_eq!(owners(&site.database).await, after, "the sleeper took something back");
    assert!(fences(&site.database).await.values().all(|fence| *fence == 2));
    other.kill().await;
    sleeper.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn three_processes_append_at_once_one_is_killed_and_the_views_miss_nothing(pool: PgPool) {
    const CHATS: usize = 9;
    const EACH: usize = 15;
    let site = Site::new(pool, Setup::default()).await;
    let ports = [Port::reserve(), Port::reserve()];
    let victim = site.serve().await;
    let mut others = Vec::new();
    for port in &ports {
        others.push(Process::serve(&site.environment(port)).await);
    }
    let tenant = site.tenant().await;
    let session = tenant.session().await;
    let doors = [tenant.clone(), tenant.at(ports[0].url()), tenant.at(ports[1].url())];

    let writing = (0..CHATS).map(|chat| {
        let (doors, session) = (&doors, &session);
        async move {
            let mut accepted = Vec::new();
            for n in 0..EACH {
                let (door, body) = (&doors[(chat + n) % doors.len()], format!("{chat}/{n}"));
                let fields = json!({ "sessionId": session.id, "to": somebody(chat), "body": body });
                let request = door.request(reqwest::Method::POST, "/messages/send").json(&fields);
                // The victim's last requests are cut off: whether they were accepted is not known.
                if door.try_send(request).await.is_ok_and(|answer| answer.status == 202) {
                    accepted.push(body);
                }
            }
            accepted
        }
    });
    let killing = async {
        let look = async || count(&site.database, "events").await;
        eventually("appending is under way", look, |count| *count > 100).await;
        victim.kill().await;
    };
    let (accepted, ()) = tokio::join!(join_all(writing), killing);
    let accepted: Vec<_> = accepted.into_iter().flatten().collect();
    assert!(accepted.len() >= CHATS * EACH / 2, "too little was accepted: {}", accepted.len());

    settled(&doors[1], &session, &accepted).await;
    assert!(site.sends().values().all(|count| *count == 1), "{:?}", site.sends());
    let look = async || {
        let in_log = count(&site.database, "events where category = 'message'").await;
        (in_log, count(&site.database, "message_history").await)
    };
    within(TAKEN_OVER, "every event is in the view", look, |(log, view)| log == view).await;
    for process in others {
        process.kill().await;
    }
}

async fn count(pool: &PgPool, of: &str) -> i64 {
    let query = format!("select count(*) from {of}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(pool).await.unwrap()
}

//! Every filter shows what passes it and nothing else (M5).

use std::collections::BTreeSet;

use acceptance::caller::Caller;
use acceptance::clock;
use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::setup::Setup;
use acceptance::webhook::{arrival, event};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;

/// The bodies a list shows, and how many it says there are.
async fn shown(tenant: &Caller, query: &str) -> (BTreeSet<String>, Value) {
    let list = tenant.get(&format!("/messages?limit=100&{query}")).await.expect(200);
    let body = |row: &Value| row["body"].as_str().unwrap().to_owned();
    (list.rows().iter().map(body).collect(), list.body["meta"]["total"].clone())
}

fn set(bodies: &[&str]) -> BTreeSet<String> {
    bodies.iter().map(|body| (*body).to_owned()).collect()
}

fn query_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[sqlx::test(migrations = "../migrations")]
async fn every_filter_shows_what_passes_it_and_nothing_else(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let main = tenant.unscanned_session().await;
    let second = tenant.new_session("second").await;
    tenant.session_becomes(&second, "SCAN_QR_CODE").await;
    tenant.scan(&stage.waha, &second).await;

    let waiting = json!({ "body": "waiting", "clientReference": "ref-1", "to": "+6281111111111" });
    tenant.send_as(&main, waiting).await;
    let later = json!({ "body": "100% later_", "sendAt": clock::in_ms(3_600_000) });
    tenant.send_as(&main, later).await;
    let read = tenant.send_to(&second, "+4915112345678", "Done and READ").await;
    let read = tenant.message_becomes(&read, "read").await;
    let mut inbound = arrival(&second, "AA", "6281234567890@c.us", "hello from Bob");
    inbound["timestamp"] = json!(1_766_000_000_000_i64);
    tenant.deliver(&inbound).await.expect(200);
    let image = json!({ "id": "false_x@lid_BB", "from": "222@lid", "fromMe": false, "body": "picture",
        "timestamp": 1_766_000_100, "media": { "mimetype": "image/png" }, "hasMedia": true });
    tenant.deliver(&event(&second, "message", &image)).await.expect(200);
    let all = set(&["waiting", "100% later_", "Done and READ", "hello from Bob", "picture"]);
    let look = async || shown(&tenant, "").await.0;
    eventually("all are listed", look, |seen| *seen == all).await;

    let from_read = query_time(read["createdAt"].as_str().unwrap().parse().unwrap());
    let (main, second) = (&main.id, &second.id);
    for (query, expected) in [
        (format!("sessionId={main}"), set(&["waiting", "100% later_"])),
        (format!("sessionId={second}&direction=outbound"), set(&["Done and READ"])),
        ("direction=inbound".to_owned(), set(&["hello from Bob", "picture"])),
        ("direction=outbound&status=queued".to_owned(), set(&["waiting"])),
        ("status=scheduled".to_owned(), set(&["100% later_"])),
        ("status=read".to_owned(), set(&["Done and READ"])),
        ("status=failed".to_owned(), set(&[])),
        ("type=image".to_owned(), set(&["picture"])),
        ("type=text&direction=inbound".to_owned(), set(&["hello from Bob"])),
        ("to=%2B4915112345678".to_owned(), set(&["Done and READ"])),
        ("from=%2B6281234567890".to_owned(), set(&["hello from Bob"])),
        ("clientReference=ref-1".to_owned(), set(&["waiting"])),
        (format!("fromDate={from_read}"), set(&["Done and READ"])),
        (format!("toDate={from_read}&direction=outbound"), set(&["waiting", "100% later_"])),
        ("toDate=2025-12-18T00:00:00Z".to_owned(), set(&["hello from Bob", "picture"])),
        ("search=read".to_owned(), set(&["Done and READ"])),
        ("search=0%25%20later_".to_owned(), set(&["100% later_"])),
        ("search=%25".to_owned(), set(&["100% later_"])),
        ("search=_".to_owned(), set(&["100% later_"])),
        ("search=4915112".to_owned(), set(&["Done and READ"])),
        ("search=81234567890".to_owned(), set(&["100% later_", "hello from Bob"])),
        ("search=nowhere".to_owned(), set(&[])),
        ("search=".to_owned(), all.clone()),
    ] {
        let total = json!(expected.len());
        assert_eq!(shown(&tenant, &query).await, (expected, total), "{query}");
    }
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn dead_letters_are_listed_by_session(pool: PgPool) {
    let stage = Installation::start_with(pool, Setup::default().unscanned()).await;
    let tenant = stage.tenant().await;
    let (one, other) = (tenant.new_session("one").await, tenant.new_session("other").await);
    for session in [&one, &other] {
        tenant.send_text(session, "stranded").await;
        tenant.delete(&format!("/sessions/{}", session.id)).await;
    }
    let list = async |query: String| tenant.get(&format!("/dead-letters{query}")).await.expect(200);
    let look = async || list(String::new()).await.rows().len();
    eventually("both are dead letters", look, |count| *count == 2).await;
    let of_one = list(format!("?sessionId={}", one.id)).await;
    let sessions: Vec<&Value> = of_one.rows().iter().map(|row| &row["sessionId"]).collect();
    assert_eq!(sessions, [&json!(one.id)]);
    stage.stop().await;
}

//! What `verify` finds.

use serde_json::json;

use super::*;

async fn execute(pool: &PgPool, sql: &'static str) {
    let changed = sqlx::query(sql).execute(pool).await.unwrap();
    assert_eq!(changed.rows_affected(), 1, "{sql}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_row_changed_taken_or_added_by_hand_is_found_with_its_key_and_columns(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    execute(&pool, "update messages set body = 'forged', sent_at = now() where id::text like '%1'")
        .await;
    execute(&pool, "delete from messages where id::text like '%3'").await;
    execute(
        &pool,
        "insert into messages select (m).* from (
             select jsonb_populate_record(messages, '{\"id\": \"00000000-0000-0000-0000-0000000000ff\"}') as m
             from messages where id::text like '%4') as copied",
    )
    .await;
    execute(&pool, "update message_counts set messages = messages + 1 where status = 'unknown'")
        .await;

    let verified = builder(&log, &pool).verify(projection("messages")).await.unwrap();
    let told = serde_json::to_value(&verified.differences).unwrap();
    let key = |id: &str| {
        let id = format!("00000000-0000-0000-0000-0000000000{id}");
        json!({ "tenant_id": TENANT.0, "id": id })
    };
    let (counts, messages): (Vec<_>, Vec<_>) = told
        .as_array()
        .unwrap()
        .iter()
        .partition(|difference| difference["table"] == "message_counts");
    assert_eq!(counts.len(), 1, "{told}");
    assert_eq!(
        (&counts[0]["kind"], &counts[0]["columns"]),
        (&json!("different"), &json!(["messages"]))
    );
    assert_eq!(counts[0]["key"]["status"], "unknown");
    for expected in [
        json!({ "table": "messages", "key": key("01"), "kind": "different", "columns": ["body", "sent_at"] }),
        json!({ "table": "messages", "key": key("03"), "kind": "missing", "columns": [] }),
        json!({ "table": "messages", "key": key("ff"), "kind": "extra", "columns": [] }),
    ] {
        assert!(messages.contains(&&expected), "{expected} is not in {told}");
    }
    assert_eq!(messages.len(), 3, "{told}");

    // Rebuilding puts it right.
    builder(&log, &pool).rebuild(projection("messages")).await.unwrap();
    let verified = builder(&log, &pool).verify(projection("messages")).await.unwrap();
    assert!(verified.is_equal(), "{verified:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn json_that_was_tampered_with_is_found_and_so_are_other_views(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    execute(&pool, "update message_history set data = '{ }' where version = 3").await;
    execute(&pool, "update sessions set name = 'forged'").await;
    execute(&pool, "delete from webhook_log").await;
    execute(&pool, "insert into tenants values (gen_random_uuid(), 'nobody', null, now())").await;
    for (name, kind) in [
        ("message_history", DifferenceKind::Different),
        ("sessions", DifferenceKind::Different),
        ("webhook_log", DifferenceKind::Missing),
        ("tenants", DifferenceKind::Extra),
    ] {
        let verified = builder(&log, &pool).verify(projection(name)).await.unwrap();
        let [difference] = &verified.differences[..] else { panic!("{verified:?}") };
        assert_eq!((difference.table.as_str(), difference.kind), (name, kind));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn so_many_differences_are_told_and_that_there_are_more(pool: PgPool) {
    let log = MemoryLog::new();
    (1..=50).for_each(|number| {
        queue(&log, TENANT, number);
    });
    settle(&log, &pool).await;
    sqlx::query("update messages set body = 'forged'").execute(&pool).await.unwrap();
    let verified = builder(&log, &pool).verify(projection("messages")).await.unwrap();
    assert_eq!((verified.differences.len(), verified.is_truncated), (20, true));
}

#[sqlx::test(migrations = "../migrations")]
async fn verifying_goes_as_far_as_the_live_view_and_no_further(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    queue(&log, TENANT, 20);
    let verified = builder(&log, &pool).verify(projection("messages")).await.unwrap();
    assert!(verified.is_equal() && verified.position.first == BUSY, "{verified:?}");
}

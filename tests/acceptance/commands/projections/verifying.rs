//! `verify` finds what is not as the event log makes it, and changes nothing.

use acceptance::installation::Installation;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Shell, VIEWS, listed};

/// The views this story has nothing for.
const EMPTY: [&str; 3] = ["blocked_addresses", "api_keys", "oauth_clients"];

#[sqlx::test(migrations = "../migrations")]
async fn rows_changed_by_hand_are_found_and_a_rebuild_puts_them_right(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, "as it was").await;
    tenant.message_becomes(&id, "read").await;

    let verified = shell.json(&["projections", "verify", "--all"]).await;
    for view in verified.as_array().unwrap() {
        assert!(view["differences"] == json!([]), "{view}");
        let is_empty = EMPTY.contains(&view["name"].as_str().unwrap());
        assert_eq!(view["rows"].as_u64() == Some(0), is_empty, "{view}");
    }
    assert_eq!(verified.as_array().unwrap().len(), VIEWS);

    sqlx::query("update messages set body = 'forged'").execute(&pool).await.unwrap();
    let ended = shell.run(&["projections", "verify", "messages", "--output", "json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.stderr.contains("heliograph projections rebuild"), "{ended:#?}");
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let key = json!({ "tenant_id": tenant.tenant_id().0, "id": id });
    assert_eq!(
        told[0]["differences"],
        json!([{ "table": "messages", "key": key, "kind": "different", "columns": ["body"] }])
    );
    let text = shell.run(&["projections", "verify", "messages"]).await;
    assert!(text.code == Some(1) && text.stdout.contains("differs in body"), "{text:#?}");
    assert_eq!(tenant.message(&id).await["body"], "forged", "verifying changes nothing");

    let text = shell.run(&["projections", "rebuild", "messages"]).await;
    assert!(text.stdout.starts_with("messages is now version 2: "), "{text:#?}");
    assert_eq!(tenant.message(&id).await["body"], "as it was");
    assert_eq!(shell.run(&["projections", "verify", "messages"]).await.code, Some(0));
    assert_eq!(listed(&shell, "messages").await["version"], 2);
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn which_read_model_is_meant_must_be_said(pool: PgPool) {
    let shell = Shell::new(&pool, "http://127.0.0.1:9");
    shell.run(&["projections", "rebuild", "massages"]).await.assert_failed_because(&[
        "massages",
        "messages, message_history, sessions, webhook_log, tenants",
    ]);
    for line in
        [["projections", "rebuild"].as_slice(), &["projections", "verify", "messages", "--all"]]
    {
        assert_eq!(shell.run(line).await.code, Some(2), "{line:?}");
    }
}

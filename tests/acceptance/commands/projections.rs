//! `projections list`, `rebuild`, `verify`, and what they do when all is not well (Q2, Q6).

mod rebuilding;
mod standstill;
mod verifying;

use acceptance::installation::Installation;
use serde_json::Value;
use sqlx::PgPool;

use super::shell::Shell;

/// How many read models there are.
const VIEWS: usize = 11;

/// How a read model is listed.
async fn listed(shell: &Shell, name: &str) -> Value {
    let list = shell.json(&["projections", "list"]).await;
    let mut rows = list.as_array().unwrap().iter();
    rows.find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("{name} is not in {list}"))
        .clone()
}

#[sqlx::test(migrations = "../migrations")]
async fn the_read_models_are_listed_with_how_far_they_have_come(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, "to be projected").await;
    tenant.message_becomes(&id, "read").await;

    let list = shell.json(&["projections", "list"]).await;
    let list = list.as_array().unwrap();
    let names: Vec<_> = list.iter().map(|row| row["name"].as_str().unwrap()).collect();
    for name in ["messages", "message_history", "sessions", "webhook_log"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for row in list {
        assert!(row["error"].is_null() && row["position"].is_string(), "{row}");
        assert!(row["version"] == 1 && row["build"].is_null(), "{row}");
        assert!(row["lagEvents"].is_u64() && row["lagSeconds"].is_number(), "{row}");
        assert!(row["eventsApplied"].as_u64().is_some_and(|count| count > 0), "{row}");
    }
    let text = shell.run(&["projections", "list"]).await;
    assert_eq!(text.stdout.lines().count(), list.len(), "{text:#?}");
    stage.stop().await;
}

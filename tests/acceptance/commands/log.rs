//! `log export`: the whole log, for whoever wants to look for themselves (Q2).

use serde_json::Value;
use sqlx::PgPool;

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";
/// More than two pages.
const COPIES: i32 = 2_500;

/// Many events of streams of their own, copied from the one there is.
const COPY: &str = "
insert into events
    (tenant_id, category, stream_id, version, event_id, event_type, schema_version, data, metadata)
select tenant_id, category, gen_random_uuid(), 1, gen_random_uuid(), event_type, schema_version, data, metadata
from events cross join generate_series(1, $1)";

async fn export(shell: &Shell, arguments: &[&str]) -> Vec<Value> {
    let ended = shell.run(&[&["log", "export"], arguments].concat()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn the_whole_log_is_exported_in_its_order_and_goes_on_after_a_position(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    assert_eq!(export(&shell, &[]).await, Vec::<Value>::new());
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await;
    sqlx::query(COPY).bind(COPIES).execute(&pool).await.unwrap();

    let exported = export(&shell, &[]).await;
    assert_eq!(exported.len(), 1 + usize::try_from(COPIES).unwrap());
    let first = &exported[0];
    let (tenant, id) = (tenant["id"].as_str().unwrap(), first["stream"].as_str().unwrap());
    assert_eq!(id, format!("tenant-{tenant}-{tenant}"));
    assert_eq!((&first["type"], &first["version"]), (&"tenant_created".into(), &1.into()));
    assert_eq!(first["data"]["name"], "acme");
    assert_eq!(first["metadata"]["actor"]["kind"], "operator");
    assert!(first["recordedAt"].is_string() && first["id"].is_string());
    let position = |line: &Value| {
        let (first, second) = line["position"].as_str().unwrap().split_once('-').unwrap();
        (first.parse::<u64>().unwrap(), second.parse::<u64>().unwrap())
    };
    assert!(exported.is_sorted_by(|one, next| position(one) < position(next)));

    let after = exported[2_000]["position"].as_str().unwrap();
    assert_eq!(export(&shell, &["--after", after]).await, exported[2_001..]);
    let last = exported.last().unwrap()["position"].as_str().unwrap();
    assert_eq!(export(&shell, &["--after", last]).await, Vec::<Value>::new());
}

#[sqlx::test(migrations = "../migrations")]
async fn no_password_and_no_key_is_in_an_export(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let tenant = shell.json(&["tenant", "create", "--name", "acme"]).await;
    let whose = ["--tenant", tenant["id"].as_str().unwrap(), "--role", "operator"];
    let create = ["user", "create", "--email", "a@example.com", "--password", "not for auditors"];
    shell.json(&[&create[..], &whose].concat()).await;
    let ended = shell.run(&["log", "export"]).await;
    assert!(ended.stdout.contains("user_created"), "{ended:#?}");
    for secret in ["not for auditors", "argon2", shell.environment["JWT_SECRET"].as_str()] {
        assert!(!ended.stdout.contains(secret), "{secret} is in the export");
    }
}

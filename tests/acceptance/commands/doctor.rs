//! `doctor`: what is wrong, and what to do about it.

use serde_json::Value;
use sqlx::PgPool;
use waha_simulator::{Simulator, SimulatorOptions};

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";

fn ill(findings: &Value) -> Vec<&str> {
    let findings = findings.as_array().unwrap().iter();
    findings
        .filter(|finding| finding["isWell"] == false)
        .filter_map(|f| f["what"].as_str())
        .collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn where_all_is_well_it_says_so(pool: PgPool) {
    let waha = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let shell = Shell::new(&pool, &waha.base_url());
    let findings = shell.json(&["doctor"]).await;
    assert_eq!(ill(&findings), Vec::<&str>::new(), "{findings}");
    let told: Vec<_> =
        findings.as_array().unwrap().iter().map(|finding| &finding["what"]).collect();
    for what in ["settings", "migrations", "PostgreSQL", "durability", "WAHA"] {
        assert!(told.iter().any(|told| *told == what), "{what} was not looked at: {told:?}");
    }
    let text = shell.run(&["doctor"]).await;
    assert!(text.code == Some(0) && !text.stdout.contains("FAIL"), "{text:#?}");
    waha.shutdown().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_wrong_is_told_with_its_remedy(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE).set("JWT_SECRET", Some("short"));
    let ended = shell.run(&["doctor", "--output", "json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let findings: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(ill(&findings), ["settings", "WAHA"], "{findings}");
    assert!(ended.stdout.contains("JWT_SECRET") && ended.stdout.contains("openssl rand"));
    assert!(!ended.stdout.contains("short"), "a secret is shown");
}

#[sqlx::test(migrations = false)]
async fn missing_migrations_are_told(pool: PgPool) {
    let ended = Shell::new(&pool, NOWHERE).run(&["doctor"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("heliograph migrate run"), "{ended:#?}");
}

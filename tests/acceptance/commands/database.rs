//! `migrate run`, `migrate show`, and verbs on a database that lacks migrations.

use reqwest::Url;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";

#[sqlx::test(migrations = false)]
async fn migrations_are_shown_applied_and_not_applied_twice(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let applied = |states: &Value| -> Vec<bool> {
        states.as_array().unwrap().iter().map(|state| state["isApplied"] == true).collect()
    };
    let before = shell.json(&["migrate", "show"]).await;
    assert!(!applied(&before).is_empty() && !applied(&before).contains(&true), "{before}");
    let run = shell.json(&["migrate", "run"]).await;
    assert_eq!(applied(&run), vec![true; applied(&before).len()]);
    let after = shell.json(&["migrate", "show"]).await;
    assert!(!applied(&after).contains(&false), "{after}");
    assert_eq!(shell.json(&["migrate", "run"]).await, json!([]));

    let text = shell.run(&["migrate", "show"]).await;
    assert_eq!(text.code, Some(0));
    assert_eq!(
        text.stdout.lines().filter(|line| line.contains("applied")).count(),
        applied(&after).len()
    );
}

#[sqlx::test(migrations = false)]
async fn migrating_from_two_places_at_once_is_safe(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let (one, other) = tokio::join!(shell.run(&["migrate", "run"]), shell.run(&["migrate", "run"]));
    assert_eq!((one.code, other.code), (Some(0), Some(0)), "{one:#?}{other:#?}");
}

#[sqlx::test(migrations = false)]
async fn on_a_database_without_migrations_every_verb_names_the_one_that_applies_them(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let verbs: [&[&str]; 4] = [
        &["serve"],
        &["tenant", "create", "--name", "acme"],
        &["projections", "list"],
        &["queue", "process"],
    ];
    for verb in verbs {
        shell.run(verb).await.assert_failed_because(&["heliograph migrate run"]);
    }
}

#[sqlx::test(migrations = false)]
async fn a_database_that_is_not_there_is_told_as_such(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let elsewhere = shell.environment["DATABASE_URL"]
        .replace(pool.connect_options().get_database().unwrap(), "nowhere");
    let shell = shell.set("DATABASE_URL", Some(&elsewhere));
    shell.run(&["migrate", "show"]).await.assert_failed_because(&["DATABASE_URL"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_database_may_be_named_in_parts(pool: PgPool) {
    let options = pool.connect_options();
    let url: Url = Shell::new(&pool, NOWHERE).environment["DATABASE_URL"].parse().unwrap();
    let shell = Shell::new(&pool, NOWHERE)
        .set("DATABASE_URL", None)
        .set("DB_HOST", Some(options.get_host()))
        .set("DB_PORT", Some(&options.get_port().to_string()))
        .set("DB_USERNAME", Some(url.username()))
        .set("DB_PASSWORD", url.password())
        .set("DB_DATABASE", options.get_database());
    assert_eq!(shell.json(&["migrate", "run"]).await, json!([]));
}

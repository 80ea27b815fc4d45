//! `serve`: broken settings are told all at once (X7); a port that is taken is told too.

use acceptance::process::Process;
use sqlx::PgPool;

use super::shell::Shell;

const NOWHERE: &str = "http://127.0.0.1:9";

#[sqlx::test(migrations = "../migrations")]
async fn every_broken_setting_is_told_at_once_with_its_fix(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE)
        .set("DATABASE_URL", None)
        .set("JWT_SECRET", Some("tooshort"))
        .set("JWT_REFRESH_SECRET", None)
        .set("WAHA_BASE_URL", Some("waha"))
        .set("WAHA_API_KEY", None)
        .set("WAHA_WEBHOOK_SECRET", Some("your-webhook-secret"))
        .set("PORT", Some("http"))
        .set("DELIVERY_RATE_PER_MINUTE", Some("-1"))
        .set("DELIVERY_MAX_ATTEMPTS", Some("0"))
        .set("JWT_EXPIRES_IN", Some("soon"))
        .set("CORS_ORIGIN", Some("app.example.com"));
    let names = [
        "DATABASE_URL",
        "JWT_SECRET",
        "JWT_REFRESH_SECRET",
        "WAHA_BASE_URL",
        "WAHA_API_KEY",
        "WAHA_WEBHOOK_SECRET",
        "PORT",
        "DELIVERY_RATE_PER_MINUTE",
        "DELIVERY_MAX_ATTEMPTS",
        "JWT_EXPIRES_IN",
        "CORS_ORIGIN",
    ];
    let ended = shell.run(&["serve"]).await;
    ended.assert_failed_because(&names);
    let fixes = ended.stderr.matches("set it to").count();
    assert_eq!(fixes, names.len(), "{}", ended.stderr);
    assert!(!ended.stderr.contains("tooshort"), "a secret is shown");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_older_name_of_the_webhook_secret_will_do(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE)
        .set("WAHA_WEBHOOK_SECRET", None)
        .set("WEBHOOK_SECRET", Some("a secret of sixteen bytes and more"));
    Process::serve(&shell.environment).await.kill().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_port_that_is_taken_is_told(pool: PgPool) {
    let shell = Shell::new(&pool, NOWHERE);
    let _taken = shell.port.listen();
    shell.run(&["serve"]).await.assert_failed_because(&["PORT"]);
}

//! Health, in one shape everywhere (X1).

use acceptance::installation::Installation;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn every_kind_of_health_has_the_same_shape(pool: PgPool) {
    let stage = Installation::start(pool).await;
    for (path, services) in [
        ("/health", ["database", "eventStore", "projections", "sagas", "waha"].as_slice()),
        ("/health/db", &["database"]),
        ("/health/live", &[]),
        ("/health/ready", &["database", "eventStore", "projections", "sagas", "server"]),
        ("/waha/health", &["waha"]),
        ("/webhooks/health", &["database", "eventStore", "server"]),
    ] {
        for prefix in ["", "/api/v1"] {
            let health = stage.nobody().get(&format!("{prefix}{path}")).await.expect(200);
            assert!(health.header("x-request-id").is_some(), "{path}");
            let health = health.body;
            assert_eq!(health["status"], "ok", "{path}: {health}");
            let told: Vec<_> = health["services"].as_object().unwrap().keys().collect();
            assert_eq!(told, services, "{path}");
            let are_up = health["services"].as_object().unwrap().values();
            assert!(are_up.clone().all(|service| service["status"] == "up"), "{path}: {health}");
            let time = health["timestamp"].as_str().map(str::parse::<DateTime<Utc>>);
            assert!(matches!(time, Some(Ok(_))), "{path}: {health}");
            assert!(health["uptime"].as_u64().is_some_and(|seconds| seconds < 600), "{path}");
        }
    }
    let waha = stage.nobody().get("/waha/health").await.body;
    let detail = &waha["services"]["waha"]["detail"];
    assert_eq!(*detail, Value::from("version 2026.7.1"));
    stage.stop().await;
}

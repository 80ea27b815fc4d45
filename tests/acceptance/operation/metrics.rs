//! What is measured is exported under the names dashboards rely on (X1, X2).

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use sqlx::PgPool;

const NAMES: [&str; 6] = [
    "heliograph_http_requests_total",
    "heliograph_http_request_duration_seconds_bucket",
    "heliograph_delivery_attempts_total",
    "heliograph_webhooks_processed_total",
    "heliograph_webhook_body_bytes_bucket",
    "heliograph_http_request_duration_seconds_count",
];

#[sqlx::test(migrations = "../migrations")]
async fn metrics_are_exported_and_count_what_happens(pool: PgPool) {
    let stage = Installation::start(pool).await;
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    let id = tenant.send_text(&session, "to be measured").await;
    tenant.message_becomes(&id, "read").await;

    let nobody = stage.nobody();
    let look = async || String::from_utf8(nobody.get("/metrics").await.expect(200).bytes).unwrap();
    let is_whole = |text: &String| NAMES.iter().all(|name| text.contains(name));
    let text = eventually("all metrics are exported", look, is_whole).await;
    let line =
        |parts: &[&str]| text.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(line(&["heliograph_delivery_attempts_total{", "outcome=\"sent\""]), "{text}");
    assert!(line(&["heliograph_webhooks_processed_total{", "effect=\"applied\""]), "{text}");
    let route = "route=\"/messages/{id}\"";
    assert!(
        line(&["heliograph_http_requests_total{", route, "method=\"GET\"", "status=\"200\""]),
        "{text}"
    );
    assert!(!text.contains(&id), "ids make endless series");
    let answer = nobody.get("/metrics").await;
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    stage.stop().await;
}

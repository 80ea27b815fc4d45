//! What is measured, for Prometheus.

use std::sync::LazyLock;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use http::header;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Upper bounds, in seconds, of what takes time.
const SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Upper bounds of what has a size.
const BYTES: [f64; 6] = [256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 1_048_576.0];

/// How often measurements are gathered, whether or not anybody asks for them.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

static HANDLE: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let recorder = builder().unwrap_or_default().build_recorder();
    let handle = recorder.handle();
    if let Err(error) = metrics::set_global_recorder(recorder) {
        tracing::warn!(%error, "measurements go elsewhere: somebody else records them already");
    }
    handle
});

/// What is measured in this process, from the first call on.
pub fn handle() -> PrometheusHandle {
    HANDLE.clone()
}

/// Gathers measurements until `shutdown`: without it they pile up where nobody scrapes them.
pub async fn run(shutdown: CancellationToken) {
    let gather = async {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            handle().run_upkeep();
        }
    };
    shutdown.run_until_cancelled(gather).await;
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES)
}

/// Shows what is measured, as Prometheus reads it.
#[utoipa::path(
    get, path = "/metrics", tag = "health", operation_id = "metrics",
    responses((status = 200, description = "Everything that is measured.", body = String, content_type = "text/plain", example = "heliograph_http_requests_total{method=\"GET\",route=\"/sessions\",status=\"200\"} 1"))
)]
pub async fn render(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
}

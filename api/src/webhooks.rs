//! WAHA's webhooks: taken, and counted.
//!
//! A webhook is verified, stored, and only then answered; what it means is worked out afterwards by the webhook
//! saga. The answer does not depend on whether the session exists, so it cannot be asked.

pub mod allow_list;
pub mod receive;

use axum::extract::State;
use axum::response::IntoResponse;
use domain::webhook;

use crate::app::App;
use crate::envelope::success;
use crate::openapi::answers::Success;
use crate::openapi::refusals::refusals;
use crate::peer::Peer;
use crate::problem::Problem;
use projections::webhook_log::WebhookStats;

refusals! {
    /// Why the statistics are not shown.
    TooManyRequests: RateLimitExceeded;
}

/// Tells of the installation's webhooks of the last day in numbers.
#[utoipa::path(
    get, path = "/webhooks/stats", tag = "webhooks", operation_id = "webhookStats",
    responses(Success<WebhookStats>, TooManyRequests)
)]
pub async fn stats(State(app): State<App>, Peer(peer): Peer) -> Result<impl IntoResponse, Problem> {
    let now = app.ambient().now();
    app.limits.public_stats.check(&peer).map_err(|limit| limit.exceeded(now))?;
    Ok(success(app.read_models.webhook_stats(now).await?))
}

impl From<webhook::Rejection> for Problem {
    fn from(rejection: webhook::Rejection) -> Self {
        match rejection {
            // Only asked to be received here, which is never refused.
            webhook::Rejection::Unknown => Self::internal(rejection),
        }
    }
}

//! How the queues of a tenant's sessions stand: depth, age, pace, and when the next message goes.

use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::SessionId;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Id, Noted, Query};
use crate::openapi::answers::Success;
use crate::problem::Problem;
use crate::sessions::SessionUnknown;
use commands::sagas::delivery::inspection::SessionQueue;
use schemars::JsonSchema;

/// Most sessions in one answer.
const LIMIT_MAX: u32 = 100;

/// How many sessions.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Longest {
    /// At most so many.
    #[schemars(with = "Option<u32>", range(min = 1, max = 100))]
    limit: u32,
}

impl FromFields for Longest {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let limit = fields.number("limit", 1..=u64::from(LIMIT_MAX))?;
        let limit = limit.and_then(|limit| u32::try_from(limit).ok());
        Ok(Self { limit: limit.unwrap_or(LIMIT_MAX) })
    }
}

/// Shows how the queues of the tenant's sessions stand, the longest first.
#[utoipa::path(
    get, path = "/queue", tag = "sessions", operation_id = "listQueues",
    params(Query<Longest>),
    responses(Success<Vec<SessionQueue>>)
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(Longest { limit }): Query<Longest>,
) -> Result<impl IntoResponse, Problem> {
    Ok(success(app.inspection.queues(Some(caller.tenant), None, limit).await?))
}

/// Shows how a session's queue stands.
#[utoipa::path(
    get, path = "/sessions/{id}/queue", tag = "sessions", operation_id = "showQueue",
    params(Id<SessionId>),
    responses(Success<SessionQueue>, SessionUnknown)
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SessionId>,
) -> Result<impl IntoResponse, Problem> {
    let queues = app.inspection.queues(Some(caller.tenant), Some(id), 1).await?;
    queues.into_iter().next().map(success).ok_or_else(SessionId::not_found)
}

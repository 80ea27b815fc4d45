//! `PUT /sessions/{id}/queue`: what a session does with messages.

use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::SessionId;
use domain::session::queue_mode::QueueMode;
use domain::session::{Command, Session};

use super::SessionRefused;
use super::standing;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Id, Json, Noted};
use crate::openapi::answers::Success;
use crate::problem::Problem;
use crate::read_your_write::At;
use crate::request_id::RequestId;
use projections::sessions::SessionRow;
use schemars::JsonSchema;

/// What it is to do with messages.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SetQueueMode")]
pub struct Queue {
    /// The mode.
    mode: QueueMode,
}

impl FromFields for Queue {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { mode: fields.required("mode")? })
    }
}

/// Says what a session does with messages.
///
/// It takes and sends them (`run`), keeps them (`hold`), or sends those it has and takes no more (`drain`).
#[utoipa::path(
    put, path = "/sessions/{id}/queue", tag = "sessions", operation_id = "setQueueMode",
    params(Id<SessionId>, Json<Queue>),
    responses(At<Success<SessionRow>>, SessionRefused)
)]
pub async fn set(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    Id(id): Id<SessionId>,
    Json(Queue { mode }): Json<Queue>,
) -> Result<impl IntoResponse, Problem> {
    let command = Command::SetQueueMode { mode, now: app.ambient().now() };
    let metadata = request_id.metadata(caller.actor());
    let set = app.executor.execute::<Session>(caller.tenant, id.0, command, metadata).await?;
    let row = standing::read(&app, caller.tenant, id).await?.ok_or_else(SessionId::not_found)?;
    Ok(At(set.position, success(row)))
}

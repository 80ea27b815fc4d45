//! `POST /sessions/{id}/start`, `stop`, `restart`, `logout`, and `DELETE /sessions/{id}`

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::id::{SessionId, TenantId};
use domain::session::{Action, Command, Session};
use http::StatusCode;
use projections::sessions::SessionRow;

use super::SessionRefused;
use super::standing;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::eventually::eventually;
use crate::extract::Id;
use crate::openapi::answers::{NoContent, Success};
use crate::problem::Problem;
use crate::read_your_write::At;
use crate::request_id::RequestId;

/// How long an answer waits for WAHA. Shorter than a request may take, longer than WAHA needs to start a session.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(20);

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $action:ident, $method:ident $path:literal, $id:literal;)+) => {$(
        $(#[$doc])*
        #[utoipa::path($method, path = $path, tag = "sessions", operation_id = $id,
            params(Id<SessionId>), responses(At<Success<SessionRow>>, At<NoContent>, SessionRefused))]
        pub async fn $name(
            State(app): State<App>,
            caller: Caller,
            request_id: RequestId,
            Id(id): Id<SessionId>,
        ) -> Result<Response, Problem> {
            perform(&app, &caller, &request_id, id, Action::$action).await
        }
    )+};
}

actions! {
    /// Has a session started.
    start: Start, post "/sessions/{id}/start", "startSession";
    /// Has a session stopped; the pairing is kept.
    stop: Stop, post "/sessions/{id}/stop", "stopSession";
    /// Has a session stopped and started.
    restart: Restart, post "/sessions/{id}/restart", "restartSession";
    /// Has a session's pairing forgotten.
    logout: Logout, post "/sessions/{id}/logout", "logOutSession";
    /// Has a session removed.
    delete: Delete, delete "/sessions/{id}", "deleteSession";
}

async fn perform(
    app: &App,
    caller: &Caller,
    request_id: &RequestId,
    id: SessionId,
    action: Action,
) -> Result<Response, Problem> {
    let command = Command::Request { action, now: app.ambient().now() };
    let metadata = request_id.metadata(caller.actor());
    let executed = app.executor.execute::<Session>(caller.tenant, id.0, command, metadata).await?;
    let response = match settled(app, caller.tenant, id).await? {
        Some(row) => success(row).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    };
    Ok(At(executed.position, response).into_response())
}

/// The session once nothing is to be done to it any more, or as it is when the time is over; none if it is gone.
pub(super) async fn settled(
    app: &App,
    tenant: TenantId,
    id: SessionId,
) -> Result<Option<SessionRow>, Problem> {
    eventually(SETTLE_TIME_MAX, || async {
        let session = app.executor.load::<Session>(tenant, id.0).await?;
        let is_pending = matches!(session, Session::Open(open) if open.pending.is_some());
        Ok::<_, Problem>((!is_pending).then_some(()))
    })
    .await?;
    standing::read(app, tenant, id).await
}

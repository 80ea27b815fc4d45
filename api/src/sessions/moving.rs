//! `POST /sessions/{id}/move`: the session goes on on another WAHA server.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::session_keys::placing::Wanted;
use domain::id::SessionId;
use domain::session::{Rejection, Session};
use domain::waha_server::name::ServerName;

use super::actions::settled;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Id, Json, Noted};
use crate::openapi::answers::Success;
use crate::openapi::refusals::refusals;
use crate::problem::Problem;
use crate::read_your_write::At;
use crate::request_id::RequestId;
use projections::sessions::SessionRow;
use schemars::JsonSchema;

/// Where it is to go.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "MoveSession")]
pub struct Move {
    /// The WAHA server it goes to.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]{0,39}$"))]
    server: ServerName,
    /// Whether its pairing goes with it; else it is to be paired anew.
    #[schemars(default)]
    keep_pairing: bool,
}

impl FromFields for Move {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let server = fields.required("server");
        let keep_pairing = fields.optional::<bool>("keepPairing");
        Ok(Self { server: server?, keep_pairing: keep_pairing?.unwrap_or(false) })
    }
}

refusals! {
    /// Why a session stays where it is.
    MoveRefused: SessionNotFound, SessionDeleted, WahaServerNotFound, WahaServerNotActive, WahaServerFull;
}

/// Moves a session to another WAHA server, and answers when it is started there or the time is over.
#[utoipa::path(
    post, path = "/sessions/{id}/move", tag = "sessions", operation_id = "moveSession",
    params(Id<SessionId>, Json<Move>),
    responses(At<Success<SessionRow>>, MoveRefused)
)]
pub async fn move_session(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    Id(id): Id<SessionId>,
    Json(Move { server, keep_pairing }): Json<Move>,
) -> Result<Response, Problem> {
    match app.executor.load::<Session>(caller.tenant, id.0).await? {
        Session::Open(_) => {}
        Session::Deleted => return Err(Rejection::Deleted.into()),
        Session::Absent => return Err(SessionId::not_found()),
    }
    let metadata = request_id.metadata(caller.actor());
    let wanted = Wanted::On(&server);
    let moved = app.mover.move_session(caller.tenant, id, wanted, keep_pairing, metadata).await?;
    let session = settled(&app, caller.tenant, id).await?.ok_or_else(SessionId::not_found)?;
    Ok(At(moved.position, success(session)).into_response())
}

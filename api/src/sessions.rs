//! WhatsApp sessions: made, listed, started and stopped.
//!
//! What is asked is recorded and done by the session saga; the answer waits for it a while, so that a client
//! usually sees the result. Reading asks the view, and the log where the view has not come so far yet.

pub mod actions;
pub mod create;
pub mod moving;
pub mod qr;
pub mod queue;
mod standing;

use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::SessionId;
use domain::session;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::{listed, success};
use crate::extract::path::PathId;
use crate::extract::{Id, Query};
use crate::openapi::answers::{Listed, Success};
use crate::openapi::refusals::refusals;
use crate::paging::Paging;
use crate::problem::{Code, Problem};
use projections::sessions::SessionRow;

refusals! {
    /// There is no such session.
    SessionUnknown: SessionNotFound;
    /// Why nothing is done to a session.
    SessionRefused: SessionNotFound, SessionDeleted;
    /// Why a session is not made.
    SessionNotMade: SessionNotFound, SessionAlreadyExists, SessionDeleted, WahaServerNoRoom;
}

/// Lists the tenant's sessions.
#[utoipa::path(
    get, path = "/sessions", tag = "sessions", operation_id = "listSessions",
    params(Query<Paging>),
    responses(Listed<SessionRow>)
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<impl IntoResponse, Problem> {
    let listing = app.read_models.list_sessions(caller.tenant, paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(listing.rows, meta))
}

/// Shows a session.
#[utoipa::path(
    get, path = "/sessions/{id}", tag = "sessions", operation_id = "showSession",
    params(Id<SessionId>),
    responses(Success<SessionRow>, SessionUnknown)
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SessionId>,
) -> Result<impl IntoResponse, Problem> {
    let shown = app.read_models.find_session(caller.tenant, id).await?;
    let row = match shown {
        Some(row) => row,
        None => standing::read(&app, caller.tenant, id).await?.ok_or_else(SessionId::not_found)?,
    };
    Ok(success(row))
}

impl From<session::Rejection> for Problem {
    fn from(rejection: session::Rejection) -> Self {
        match rejection {
            session::Rejection::Unknown => SessionId::not_found(),
            session::Rejection::AlreadyExists => {
                Self::new(Code::SessionAlreadyExists, rejection.to_string())
            }
            session::Rejection::Deleted => Self::new(Code::SessionDeleted, rejection.to_string()),
        }
    }
}

//! One's own login sessions: signing out, and ending others.

use crate::openapi::answers::{NoContent, Success};
use crate::openapi::refusals::refusals;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use domain::id::LoginSessionId;
use domain::login_session::RevocationReason;
use domain::user::Change;
use http::StatusCode;
use projections::login_sessions::LoginSessionRow;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::caller::SignedIn;
use crate::envelope::success;
use crate::extract::Id;
use crate::extract::path::PathId;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::read_your_write::At;

/// One of one's own login sessions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnLoginSession")]
#[serde(rename_all = "camelCase")]
struct OwnSession {
    #[serde(flatten)]
    row: LoginSessionRow,
    /// Whether it is the one the request is made in.
    is_current: bool,
}

refusals! {
    /// There is no such login session of one's own.
    LoginSessionUnknown: AuthSessionNotFound;
}

/// Lists one's own login sessions that are not over, the newest first.
#[utoipa::path(
    get, path = "/auth/sessions", tag = "auth", operation_id = "listLoginSessions",
    responses(Success<Vec<OwnSession>>)
)]
pub async fn list(State(app): State<App>, caller: SignedIn) -> Result<impl IntoResponse, Problem> {
    let rows = app.read_models.login_sessions(caller.tenant, caller.user, app.idle_since()).await?;
    let own =
        |row: LoginSessionRow| OwnSession { is_current: row.id == caller.login_session.0, row };
    Ok(success(rows.into_iter().map(own).collect::<Vec<_>>()))
}

/// Signs out: ends the login session the request is made in.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", operation_id = "signOut",
    responses(At<NoContent>, LoginSessionUnknown)
)]
pub async fn sign_out(
    State(app): State<App>,
    caller: SignedIn,
    provenance: Provenance,
) -> Result<Response, Problem> {
    end(&app, &caller, caller.login_session, RevocationReason::SignedOut, &provenance).await
}

/// Ends one of one's own login sessions.
#[utoipa::path(
    delete, path = "/auth/sessions/{id}", tag = "auth", operation_id = "revokeLoginSession",
    params(Id<LoginSessionId>),
    responses(At<NoContent>, LoginSessionUnknown)
)]
pub async fn revoke(
    State(app): State<App>,
    caller: SignedIn,
    provenance: Provenance,
    Id(id): Id<LoginSessionId>,
) -> Result<Response, Problem> {
    end(&app, &caller, id, RevocationReason::ByOwner, &provenance).await
}

/// Ends all of one's own login sessions, this one too.
#[utoipa::path(
    delete, path = "/auth/sessions", tag = "auth", operation_id = "revokeLoginSessions",
    responses(At<NoContent>)
)]
pub async fn revoke_all(
    State(app): State<App>,
    caller: SignedIn,
    provenance: Provenance,
) -> Result<Response, Problem> {
    let (by, metadata) = (caller.authority(), provenance.metadata(caller.actor()));
    let change = Change::SignOutEverywhere;
    let ended = app.access.change_user(caller.tenant, caller.user, change, by, metadata).await?;
    Ok(At(ended.position, StatusCode::NO_CONTENT).into_response())
}

async fn end(
    app: &App,
    caller: &SignedIn,
    session: LoginSessionId,
    reason: RevocationReason,
    provenance: &Provenance,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(caller.actor());
    let ended = app.access.revoke(caller.tenant, caller.user, session, reason, metadata).await?;
    let position = ended.ok_or_else(LoginSessionId::not_found)?;
    Ok(At(position, StatusCode::NO_CONTENT).into_response())
}

impl App {
    /// A login session that was not refreshed since then is over.
    pub(crate) fn idle_since(&self) -> chrono::DateTime<chrono::Utc> {
        let idle_max =
            TimeDelta::from_std(self.tokens.refresh_lifetime()).unwrap_or(TimeDelta::MAX);
        self.ambient().now() - idle_max
    }
}

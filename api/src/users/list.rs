//! `GET /users`, `GET /users/{id}` and `GET /users/{id}/login-sessions`

use super::UserUnknown;
use crate::openapi::answers::{Listed, Success};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::UserId;
use projections::login_sessions::LoginSessionRow;
use projections::users::UserRow;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::{listed, success};
use crate::extract::path::PathId;
use crate::extract::{Id, Query};
use crate::paging::Paging;
use crate::problem::Problem;

/// Lists the users of one's own tenant, the newest first.
#[utoipa::path(
    get, path = "/users", tag = "users", operation_id = "listUsers",
    params(Query<Paging>),
    responses(Listed<UserRow>)
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<impl IntoResponse, Problem> {
    let listing = app.read_models.list_users(caller.tenant, paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(listing.rows, meta))
}

/// Shows one user.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", operation_id = "showUser",
    params(Id<UserId>),
    responses(Success<UserRow>, UserUnknown)
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
) -> Result<impl IntoResponse, Problem> {
    let user = app.read_models.find_user(caller.tenant, id).await?;
    Ok(success(user.ok_or_else(UserId::not_found)?))
}

/// Lists a user's login sessions that are not over, the newest first.
#[utoipa::path(
    get, path = "/users/{id}/login-sessions", tag = "users", operation_id = "listLoginSessionsOfUser",
    params(Id<UserId>),
    responses(Success<Vec<LoginSessionRow>>, UserUnknown)
)]
pub async fn login_sessions(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
) -> Result<impl IntoResponse, Problem> {
    app.read_models.find_user(caller.tenant, id).await?.ok_or_else(UserId::not_found)?;
    Ok(success(app.read_models.login_sessions(caller.tenant, id, app.idle_since()).await?))
}

//! A user whose telephone is lost.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::access::second_factor::Asked;
use domain::id::UserId;
use http::StatusCode;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::openapi::answers::NoContent;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::read_your_write::At;
use crate::users::UserRefused;

/// Takes a user's second factor away: they sign in with the password alone, and may enrol anew.
#[utoipa::path(
    delete, path = "/users/{id}/mfa", tag = "users", operation_id = "resetSecondFactor",
    params(Id<UserId>),
    responses(At<NoContent>, UserRefused)
)]
pub async fn reset(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<UserId>,
) -> Result<Response, Problem> {
    let asked = Asked {
        tenant: caller.tenant,
        user: id,
        address: provenance.address,
        metadata: provenance.metadata(caller.actor()),
    };
    let position = app.access.disable_second_factor(&asked, caller.authority(id)).await?;
    Ok(At(position, StatusCode::NO_CONTENT).into_response())
}

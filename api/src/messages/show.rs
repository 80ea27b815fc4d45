//! `GET /messages/{id}`

use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::MessageId;

use super::MessageUnknown;
use super::shown;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::extract::Id;
use crate::openapi::answers::Success;
use crate::problem::Problem;
use projections::messages::MessageRow;

/// Shows a message.
#[utoipa::path(
    get, path = "/messages/{id}", tag = "messages", operation_id = "showMessage",
    params(Id<MessageId>),
    responses(Success<MessageRow>, MessageUnknown)
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
) -> Result<impl IntoResponse, Problem> {
    let look = || async { Ok(app.read_models.find_message(caller.tenant, id).await?) };
    Ok(success(shown(&app, caller.tenant, id, look).await?))
}

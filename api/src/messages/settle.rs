//! `POST /messages/{id}/settle`: a person says what became of a message whose outcome is unknown.

use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::MessageId;
use domain::message::doubt::Verdict;
use domain::message::{Command, Message};
use http::StatusCode;
use serde::Serialize;

use super::MessageRefused;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::located;
use crate::extract::{Fields, FromFields, Id, Json, Noted};
use crate::mount::Mount;
use crate::openapi::answers::Located;
use crate::problem::Problem;
use crate::read_your_write::At;
use crate::request_id::RequestId;
use schemars::JsonSchema;

/// What is said of the message.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SettleMessage")]
pub struct Settlement {
    /// What became of it: `sent`; or it was not, and is sent again (`resend`) or given up (`failed`).
    #[schemars(rename = "as")]
    verdict: Verdict,
}

/// A message that was settled.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SettledMessage")]
#[serde(rename_all = "camelCase")]
struct Settled {
    message_id: MessageId,
    #[schemars(extend("enum" = ["sent", "retrying", "failed"]))]
    status: &'static str,
}

impl FromFields for Settlement {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { verdict: fields.required("as")? })
    }
}

/// Settles what became of a message whose outcome is unknown; who said so is in the event's metadata.
#[utoipa::path(
    post, path = "/messages/{id}/settle", tag = "messages", operation_id = "settleMessage",
    params(Id<MessageId>, Json<Settlement>),
    responses(At<Located<Settled>>, MessageRefused)
)]
pub async fn settle(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    mount: Mount,
    Id(id): Id<MessageId>,
    Json(Settlement { verdict }): Json<Settlement>,
) -> Result<impl IntoResponse, Problem> {
    let command = Command::Settle { verdict, now: app.ambient().now() };
    let metadata = request_id.metadata(caller.actor());
    let settled = app.executor.execute::<Message>(caller.tenant, id.0, command, metadata).await?;
    let status = match verdict {
        Verdict::Sent => "sent",
        Verdict::Resend => "retrying",
        Verdict::Failed => "failed",
    };
    let location = mount.path(&format!("/messages/{id}"));
    let answer = located(StatusCode::OK, &location, Settled { message_id: id, status });
    Ok(At(settled.position, answer))
}

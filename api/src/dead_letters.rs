//! Dead letters: messages given up, which a person sends again or puts away.

use axum::extract::State;
use axum::response::IntoResponse;
use domain::id::{MessageId, SessionId};
use domain::message::{Command, Message};
use domain::stream::Position;
use http::StatusCode;
use serde::Serialize;
use std::str::FromStr;

use crate::app::App;
use crate::caller::Caller;
use crate::envelope::{listed, located, success};
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Id, Noted, Query};
use crate::mount::Mount;
use crate::openapi::answers::{Accepted, Listed, NoContent, Success};
use crate::openapi::refusals::refusals;
use crate::paging::Paging;
use crate::problem::{Code, Problem};
use crate::read_your_write::At;
use crate::request_id::RequestId;
use projections::dead_letters::{DeadLetter, DeadLetterRow};
use schemars::JsonSchema;

/// Which dead letters.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct Filter {
    /// Those of this session.
    session_id: Option<SessionId>,
    #[schemars(flatten)]
    paging: Paging,
}

/// A message that is sent again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RedrivenMessage")]
#[serde(rename_all = "camelCase")]
struct Redriven {
    message_id: MessageId,
    #[schemars(extend("enum" = ["queued"]))]
    status: &'static str,
}

/// The id in the path: a message's, whose absence is told in this resource's own words.
#[derive(Debug, Clone, Copy, JsonSchema)]
pub struct DeadLetterId(MessageId);

impl FromStr for DeadLetterId {
    type Err = <MessageId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl PathId for DeadLetterId {
    fn not_found() -> Problem {
        Problem::new(Code::DeadLetterNotFound, "there is no such dead letter")
    }
}

impl FromFields for Filter {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let session_id = fields.optional("sessionId");
        let paging = Paging::from_fields(fields);
        Ok(Self { session_id: session_id?, paging: paging? })
    }
}

refusals! {
    /// There is no such dead letter.
    DeadLetterUnknown: DeadLetterNotFound;
    /// Why nothing is done to a dead letter.
    DeadLetterRefused: DeadLetterNotFound, DeadLetterSettled, MessageWrongState;
}

/// Lists dead letters: messages given up, the newest first.
#[utoipa::path(
    get, path = "/dead-letters", tag = "dead letters", operation_id = "listDeadLetters",
    params(Query<Filter>),
    responses(Listed<DeadLetterRow>)
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(Filter { session_id, paging }): Query<Filter>,
) -> Result<impl IntoResponse, Problem> {
    let listing =
        app.read_models.list_dead_letters(caller.tenant, session_id, paging.page()).await?;
    let meta = paging.meta(&listing);
    Ok(listed(listing.rows, meta))
}

/// Shows a dead letter.
#[utoipa::path(
    get, path = "/dead-letters/{id}", tag = "dead letters", operation_id = "showDeadLetter",
    params(Id<DeadLetterId>),
    responses(Success<DeadLetter>, DeadLetterUnknown)
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(DeadLetterId(id)): Id<DeadLetterId>,
) -> Result<impl IntoResponse, Problem> {
    let found = app.read_models.find_dead_letter(caller.tenant, id).await?;
    Ok(success(found.ok_or_else(DeadLetterId::not_found)?))
}

/// Sends a dead letter again.
#[utoipa::path(
    post, path = "/dead-letters/{id}/redrive", tag = "dead letters", operation_id = "redriveDeadLetter",
    params(Id<DeadLetterId>),
    responses(At<Accepted<Redriven>>, DeadLetterRefused)
)]
pub async fn redrive(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    mount: Mount,
    Id(DeadLetterId(id)): Id<DeadLetterId>,
) -> Result<impl IntoResponse, Problem> {
    let command = Command::Redrive { now: app.ambient().now() };
    let position = ask(&app, &caller, &request_id, id, command).await?;
    let redriven = Redriven { message_id: id, status: "queued" };
    let location = mount.path(&format!("/messages/{id}"));
    Ok(At(position, located(StatusCode::ACCEPTED, &location, redriven)))
}

/// Puts a dead letter away.
#[utoipa::path(
    delete, path = "/dead-letters/{id}", tag = "dead letters", operation_id = "discardDeadLetter",
    params(Id<DeadLetterId>),
    responses(At<NoContent>, DeadLetterRefused)
)]
pub async fn discard(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    Id(DeadLetterId(id)): Id<DeadLetterId>,
) -> Result<impl IntoResponse, Problem> {
    let command = Command::Discard { now: app.ambient().now() };
    let position = ask(&app, &caller, &request_id, id, command).await?;
    Ok(At(position, StatusCode::NO_CONTENT))
}

async fn ask(
    app: &App,
    caller: &Caller,
    request_id: &RequestId,
    id: MessageId,
    command: Command,
) -> Result<Position, Problem> {
    let metadata = request_id.metadata(caller.actor());
    let asked = app.executor.execute::<Message>(caller.tenant, id.0, command, metadata).await;
    match asked.map_err(Problem::from) {
        Ok(executed) => Ok(executed.position),
        Err(problem) if problem.code() == Code::MessageNotFound => Err(DeadLetterId::not_found()),
        Err(problem) => Err(problem),
    }
}

//! `POST /sessions`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::id::{SessionId, TenantId};
use domain::ports::event_log::Metadata;
use domain::session::{Command, Session, SessionName};
use domain::stream::Position;
use http::StatusCode;

use super::SessionNotMade;
use super::actions::settled;
use crate::ambient::random_secret;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::located;
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::mount::Mount;
use crate::openapi::answers::Created;
use crate::problem::Problem;
use crate::read_your_write::At;
use crate::request_id::RequestId;
use projections::sessions::SessionRow;
use schemars::JsonSchema;

/// How much of a session's name WAHA sees: its own names have 54 characters at most, and the id takes 33.
const SLUG_CHARACTERS_MAX: usize = 20;

/// The session to be made.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CreateSession")]
pub struct Create {
    /// The tenant's name for it: letters, digits, spaces, dots, hyphens or underscores, the first a letter or digit.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$"))]
    name: SessionName,
}

impl FromFields for Create {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { name: fields.required("name")? })
    }
}

/// Makes a session and has it started.
///
/// Its name and secret are reserved first. If the process dies before the log has the session, the next attempt
/// finds the reservation and goes on with the ids in it.
#[utoipa::path(
    post, path = "/sessions", tag = "sessions", operation_id = "createSession",
    params(Json<Create>),
    responses(At<Created<SessionRow>>, SessionNotMade)
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    mount: Mount,
    Json(Create { name }): Json<Create>,
) -> Result<Response, Problem> {
    let metadata = request_id.metadata(caller.actor());
    let new_id = SessionId(app.executor.new_id(&metadata, "session"));
    let (id, position) =
        match app.executor.done::<Session>(caller.tenant, new_id.0, &metadata).await? {
            Some(made) => (new_id, made.position),
            None => make(&app, caller.tenant, new_id, name, metadata).await?,
        };
    let session = settled(&app, caller.tenant, id).await?.ok_or_else(SessionId::not_found)?;
    let location = mount.path(&format!("/sessions/{id}"));
    let response = located(StatusCode::CREATED, &location, session);
    Ok(At(position, response).into_response())
}

/// Makes it under the id of its reservation.
async fn make(
    app: &App,
    tenant: TenantId,
    new_id: SessionId,
    name: SessionName,
    metadata: Metadata,
) -> Result<(SessionId, Position), Problem> {
    let key = app
        .session_keys
        .reserve(tenant, &name, new_id, &waha_name(&name, new_id), &random_secret().into())
        .await?;
    let (id, now) = (key.session_id, app.ambient().now());
    let command = Command::Create { name, waha_session: key.waha_session, server: key.server, now };
    let made = app.executor.execute::<Session>(tenant, id.0, command, metadata).await?;
    Ok((id, made.position))
}

/// WAHA's name for the session: readable, of the characters WAHA takes, and nobody else's.
fn waha_name(name: &SessionName, id: SessionId) -> String {
    let letters = name.as_str().to_ascii_lowercase();
    let slug: String = letters
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(SLUG_CHARACTERS_MAX)
        .collect();
    format!("{}_{}", slug.trim_end_matches('-'), id.0.simple())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn wahas_name_is_readable_and_within_its_limits() {
        let id = SessionId(Uuid::from_u128(0x17));
        let named = |name: &str| waha_name(&name.to_owned().try_into().unwrap(), id);
        assert_eq!(named("Sales Desk"), format!("sales-desk_{}", id.0.simple()));
        assert_eq!(named("a.-_ "), format!("a_{}", id.0.simple()));
        let longest = named(&"x".repeat(64));
        assert!(longest.len() <= 54, "{longest}");
    }
}

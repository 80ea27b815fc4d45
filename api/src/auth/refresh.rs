//! `POST /auth/refresh`

use axum::extract::State;
use axum::response::IntoResponse;
use domain::login_session::{Command, Event, LoginSession};
use domain::ports::event_log::Actor;
use secrecy::{ExposeSecret, SecretString};

use super::{Grant, invalid_credentials, role_of};
use crate::app::App;
use crate::envelope::success;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::problem::{Code, Problem};
use crate::read_your_write::At;
use crate::request_id::RequestId;

/// The token to be spent.
pub struct Spend {
    refresh_token: SecretString,
}

impl FromFields for Spend {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { refresh_token: fields.required("refreshToken")? })
    }
}

/// Spends a refresh token for a new pair.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", operation_id = "refreshTokens")]
pub async fn refresh(
    State(app): State<App>,
    request_id: RequestId,
    Json(spend): Json<Spend>,
) -> Result<impl IntoResponse, Problem> {
    let now = app.ambient().now();
    let token = app.tokens.verify_refresh(spend.refresh_token.expose_secret(), now)?;
    app.limits.tenant.check(&token.tenant_id).map_err(|limit| limit.exceeded(now))?;

    let command = Command::Refresh { generation: token.generation, now };
    let metadata = request_id.metadata(Actor::User { id: token.user_id });
    let (tenant_id, login_session_id) = (token.tenant_id, token.login_session_id);
    let executed = app
        .executor
        .execute::<LoginSession>(tenant_id, login_session_id.0, command, metadata)
        .await?;
    let generation = next_generation(&executed.events).ok_or_else(reused)?;

    let user_id = token.user_id;
    let role = role_of(&app, tenant_id, user_id).await?.ok_or_else(invalid_credentials)?;
    let grant = Grant { tenant_id, user_id, role, login_session_id, generation };
    Ok(At(executed.position, success(grant.sign(&app)?)))
}

/// The generation that is good now, unless the session ended instead.
fn next_generation(events: &[Event]) -> Option<u32> {
    events.iter().find_map(|event| match event {
        Event::Refreshed(refreshed) => Some(refreshed.generation),
        Event::Started(_) | Event::Revoked(_) => None,
    })
}

fn reused() -> Problem {
    let message = "the refresh token was used before, so its login session is over; sign in again";
    Problem::new(Code::AuthRefreshReused, message)
}

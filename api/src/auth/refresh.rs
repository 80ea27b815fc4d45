//! `POST /auth/refresh`

use axum::extract::State;
use axum::response::IntoResponse;
use commands::access::sessions::Refreshed;
use domain::ports::event_log::Actor;
use secrecy::{ExposeSecret, SecretString};

use schemars::JsonSchema;

use super::{Grant, TokenPair};
use crate::app::App;
use crate::envelope::success;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::openapi::answers::Success;
use crate::openapi::refusals::refusals;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::read_your_write::At;
use crate::token::InvalidToken;

/// The token to be spent.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RefreshTokens")]
pub struct Spend {
    /// From the last sign-in or refresh; it is good once.
    #[schemars(with = "String")]
    refresh_token: SecretString,
}

impl FromFields for Spend {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { refresh_token: fields.required("refreshToken")? })
    }
}

refusals! {
    /// Why a token is not exchanged.
    RefreshRefused: AuthTokenInvalid, AuthTokenExpired, AuthRefreshReused, AuthSessionRevoked, AuthInvalidCredentials,
        AuthAccountDisabled, AuthzTenantSuspended, RateLimitExceeded, RateIpBlocked;
}

/// Spends a refresh token for a new pair.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "refreshTokens",
    params(Json<Spend>),
    responses(At<Success<TokenPair>>, RefreshRefused)
)]
pub async fn refresh(
    State(app): State<App>,
    provenance: Provenance,
    Json(spend): Json<Spend>,
) -> Result<impl IntoResponse, Problem> {
    let now = app.ambient().now();
    let token = app.tokens.verify_refresh(spend.refresh_token.expose_secret(), now)?;
    if token.delegation.is_some() {
        // It was given to an OAuth2 client, who has to show that it is the one.
        return Err(InvalidToken::Forged.into());
    }
    app.limits.of_tenant(token.tenant_id).map_err(|limit| limit.exceeded(now))?;
    let (tenant_id, user_id, login_session_id) =
        (token.tenant_id, token.user_id, token.login_session_id);
    let metadata = provenance.metadata(Actor::User { id: user_id });
    let refreshed = app
        .access
        .refresh(tenant_id, user_id, login_session_id, token.generation, metadata)
        .await?;
    let Refreshed { role, generation, position } = refreshed;
    let grant = Grant { tenant_id, user_id, role, login_session_id, generation };
    Ok(At(position, success(grant.sign(&app)?)))
}

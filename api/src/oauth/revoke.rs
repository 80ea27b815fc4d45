//! `POST /oauth/revoke` (RFC 7009)

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::oauth::clients::KnownClient;
use domain::login_session::RevocationReason;
use domain::ports::event_log::Actor;
use http::{HeaderMap, StatusCode};
use utoipa::ToSchema;

use super::client_authentication::authenticate;
use super::error::{ErrorCode, OAuthError, Written};
use super::form::Form;
use super::token::ClientLimited;
use crate::app::App;
use crate::provenance::Provenance;
use crate::token::Access;

/// What a client gives back (RFC 7009, section 2.1).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read field by field")]
struct Revocation {
    /// A refresh token, or an access token of a user.
    token: String,
    /// The client, where it does not show who it is by HTTP Basic.
    client_id: Option<String>,
    /// Its secret, where it has one and does not show it by HTTP Basic.
    client_secret: Option<String>,
}

/// Ends the login session a token is of, and so every token of it. What is no token is over already.
#[utoipa::path(
    post, path = "/oauth/revoke", tag = "OAuth2", operation_id = "giveTokenBack",
    request_body(
        content = inline(Revocation), content_type = "application/x-www-form-urlencoded",
        description = "The client shows who it is by HTTP Basic or in the form."
    ),
    responses(
        (status = 200, description = "The token is good no more."),
        (status = 400, description = "What is wrong.", body = inline(Written)),
        (status = 401, description = "The client is not who it says.", body = inline(Written)),
        (status = 403, description = "The client is let in nowhere.", body = inline(Written)),
        ClientLimited
    )
)]
pub async fn revoke(
    State(app): State<App>,
    provenance: Provenance,
    headers: HeaderMap,
    form: Result<Form, OAuthError>,
) -> Response {
    let revoked = async {
        let form = form?;
        let client = authenticate(&app, &provenance, &headers, &form).await?;
        let token = form.require("token")?;
        end(&app, &provenance, &client, token).await?;
        Ok(StatusCode::OK.into_response())
    };
    revoked.await.unwrap_or_else(OAuthError::into_response)
}

async fn end(
    app: &App,
    provenance: &Provenance,
    client: &KnownClient,
    token: &str,
) -> Result<(), OAuthError> {
    let now = app.ambient().now();
    let (tenant, user, session, delegation) = match app.tokens.verify_refresh(token, now) {
        Ok(refresh) => {
            (refresh.tenant_id, refresh.user_id, refresh.login_session_id, refresh.delegation)
        }
        Err(_) => match app.tokens.verify_access(token, now) {
            Ok(Access::User(access)) => {
                (access.tenant_id, access.user_id, access.login_session_id, access.delegation)
            }
            Ok(Access::Client { .. }) => {
                let what =
                    "a client's own access token is not kept anywhere, and soon over by itself";
                return Err(OAuthError::new(ErrorCode::UnsupportedTokenType, what));
            }
            Err(_) => return Ok(()),
        },
    };
    if delegation.is_none_or(|delegation| delegation.client_id != client.id) {
        let what = "the token was given to somebody else";
        return Err(OAuthError::new(ErrorCode::InvalidGrant, what));
    }
    let metadata = provenance.metadata(Actor::Client { id: client.id });
    app.access.revoke(tenant, user, session, RevocationReason::ByClient, metadata).await?;
    Ok(())
}

//! `POST /oauth/introspect` (RFC 7662): whether an access token is good at this moment, and for what.
//!
//! It is held against the log as a request with it would be. Invariant: of a token of another tenant, of one that is over
//! and of what is no token the same is told, and nothing besides.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::access::standing::NoStanding;
use commands::oauth::clients::KnownClient;
use domain::access::permissions::Permissions;
use domain::id::{ClientId, TenantId};
use domain::oauth_client::ClientKind;
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::client_authentication::authenticate;
use super::error::{ErrorCode, OAuthError, Written};
use super::form::Form;
use super::token::ClientLimited;
use crate::app::App;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::token::{Access, Delegation, UserAccess};

/// What a client asks about (RFC 7662, section 2.1).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read field by field")]
struct Introspection {
    /// An access token.
    token: String,
    /// The client, where it does not show who it is by HTTP Basic.
    client_id: Option<String>,
    /// Its secret, where it does not show it by HTTP Basic.
    client_secret: Option<String>,
}

/// What a token is (RFC 7662, section 2.2). All but `active` is of active tokens alone.
#[derive(Serialize, ToSchema, Default)]
struct Introspected {
    /// Whether it opens anything at this moment.
    active: bool,
    /// What it opens now.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The client it was given to, if to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    client_id: Option<ClientId>,
    /// The user it acts for; the client, where it acts on its own behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<Uuid>,
    /// The tenant whose it is, which is the asking client's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    tenant: Option<TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, examples("Bearer"))]
    token_type: Option<&'static str>,
    /// Since when it is good, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// Until when, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

/// Tells a client that has a secret what an access token of its tenant opens now (RFC 7662).
#[utoipa::path(
    post, path = "/oauth/introspect", tag = "OAuth2", operation_id = "introspectToken",
    request_body(
        content = inline(Introspection), content_type = "application/x-www-form-urlencoded",
        description = "The client shows who it is by HTTP Basic or in the form."
    ),
    responses(
        (status = 200, description = "What the token is.", body = inline(Introspected)),
        (status = 400, description = "What is wrong.", body = inline(Written)),
        (status = 401, description = "The client is not who it says, or has no secret.", body = inline(Written)),
        (status = 403, description = "The client is let in nowhere.", body = inline(Written)),
        ClientLimited
    )
)]
pub async fn introspect(
    State(app): State<App>,
    provenance: Provenance,
    headers: HeaderMap,
    form: Result<Form, OAuthError>,
) -> Response {
    let told = async {
        let form = form?;
        let client = authenticate(&app, &provenance, &headers, &form).await?;
        require_secret(&client)?;
        let told = look(&app, &client, form.require("token")?).await?;
        Ok(Json(told.unwrap_or_default()).into_response())
    };
    told.await.unwrap_or_else(OAuthError::into_response)
}

/// Anybody may say that they are a client without a secret: who holds a stolen token would learn whether it is good.
fn require_secret(client: &KnownClient) -> Result<(), OAuthError> {
    match client.registration.kind {
        ClientKind::Confidential => Ok(()),
        ClientKind::Public => {
            let description = "only a client that has a secret may ask".into();
            Err(OAuthError::Refused { code: ErrorCode::InvalidClient, description, by_basic: true })
        }
    }
}

/// What the token is, if it is an access token of the client's tenant and opens anything now.
async fn look(
    app: &App,
    client: &KnownClient,
    token: &str,
) -> Result<Option<Introspected>, Problem> {
    let Ok(sound) = app.tokens.introspect_access(token, app.ambient().now()) else {
        return Ok(None);
    };
    let (tenant, sub, delegation) = match sound.access {
        Access::User(UserAccess { tenant_id, user_id, delegation, .. }) => {
            (tenant_id, user_id.0, delegation)
        }
        Access::Client { tenant_id, delegation } => {
            (tenant_id, delegation.client_id.0, Some(delegation))
        }
    };
    if tenant != client.tenant_id {
        return Ok(None);
    }
    let Some(scopes) = opened(app, &sound.access).await? else { return Ok(None) };
    Ok(Some(Introspected {
        active: true,
        scope: Some(scopes.to_string()),
        client_id: delegation.map(|delegation| delegation.client_id),
        sub: Some(sub),
        tenant: Some(tenant),
        token_type: Some("Bearer"),
        iat: Some(sound.issued_at),
        exp: Some(sound.expires_at),
    }))
}

/// What a token opens by the log as it is now; none if it is over.
async fn opened(app: &App, access: &Access) -> Result<Option<Permissions>, Problem> {
    let (tenant, own, delegation) = match *access {
        // Nobody comes from anywhere with it: no address is asked about.
        Access::User(UserAccess { tenant_id, user_id, login_session_id, delegation, .. }) => {
            let role = app.access.standing(tenant_id, user_id, login_session_id, None).await;
            let own = match role {
                Ok(role) => Permissions::of(role),
                Err(NoStanding::Log(error)) => return Err(error.into()),
                Err(_) => return Ok(None),
            };
            (tenant_id, own, delegation)
        }
        // The tenant is let in: the client that asks is of the same.
        Access::Client { tenant_id, delegation } => {
            (tenant_id, delegation.scopes, Some(delegation))
        }
    };
    let Some(delegation) = delegation else { return Ok(Some(own)) };
    let Delegation { client_id, scopes } = delegation;
    let permitted = app.oauth_clients.permitted(tenant, client_id, scopes).await?;
    Ok(permitted.map(|permitted| own.and(permitted)))
}

//! What programs find without being told where (RFC 8615).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::access::Permission;
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// How long a program may remember it, in seconds: a key that is to sign is shown for longer before it does.
const REMEMBERED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Shows the keys that verify access tokens (RFC 7517); none where a secret signs them.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "OAuth2", operation_id = "showPublicKeys",
    responses((status = 200, description = "A JSON Web Key Set.", body = Object))
)]
pub async fn jwks(State(app): State<App>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, REMEMBERED)], Json(app.tokens.public_keys()))
}

/// Where OAuth2 is to be found here, and what of it there is (RFC 8414).
#[derive(Serialize, ToSchema)]
struct AuthorizationServer {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    jwks_uri: String,
    #[schema(value_type = Vec<String>)]
    scopes_supported: Vec<&'static str>,
    #[schema(value_type = Vec<String>)]
    response_types_supported: [&'static str; 1],
    #[schema(value_type = Vec<String>)]
    response_modes_supported: [&'static str; 1],
    #[schema(value_type = Vec<String>)]
    grant_types_supported: [&'static str; 3],
    #[schema(value_type = Vec<String>)]
    token_endpoint_auth_methods_supported: [&'static str; 3],
    #[schema(value_type = Vec<String>)]
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    #[schema(value_type = Vec<String>)]
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    #[schema(value_type = Vec<String>)]
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

/// Shows where OAuth2 is to be found here, and what of it there is (RFC 8414).
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "OAuth2",
    operation_id = "showAuthorizationServer",
    responses((
        status = 200,
        description = "What the authorization server offers, by RFC 8414.",
        body = inline(AuthorizationServer)
    ))
)]
pub async fn authorization_server(State(app): State<App>) -> impl IntoResponse {
    let issuer = app.tokens.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let methods = ["client_secret_basic", "client_secret_post", "none"];
    let server = AuthorizationServer {
        issuer: issuer.to_owned(),
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        revocation_endpoint: at("/oauth/revoke"),
        introspection_endpoint: at("/oauth/introspect"),
        jwks_uri: at("/.well-known/jwks.json"),
        scopes_supported: Permission::ALL.map(Permission::as_str).to_vec(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
        token_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_methods_supported: methods,
        introspection_endpoint_auth_methods_supported: [
            "client_secret_basic",
            "client_secret_post",
        ],
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
    };
    ([(header::CACHE_CONTROL, REMEMBERED)], Json(server))
}

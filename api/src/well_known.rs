//! What programs find without being told where (RFC 8615).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderValue, header};

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

//! What a client asks of a user, as far as it may.

use commands::oauth::clients::KnownClient;
use commands::opaque_secret::OpaqueSecret;
use domain::access::permissions::Permissions;
use domain::id::ClientId;
use domain::oauth_client::GrantType;

use crate::app::App;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Form;
use crate::oauth::token::asked_scopes;
use crate::problem::Problem;

/// Longest `state` that is brought back.
const STATE_BYTES_MAX: usize = 1_024;

/// A request that may be asked of a user.
pub(super) struct Request {
    pub(super) client: KnownClient,
    pub(super) redirect_uri: String,
    pub(super) scopes: Permissions,
    pub(super) code_challenge: String,
}

/// Why a request is not asked of a user.
pub(super) enum NotAsked {
    /// It is not known where to send the user: they are told here.
    Stop(String),
    /// The client is told.
    SendBack { redirect_uri: String, error: OAuthError },
    /// A failure of ours.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for NotAsked {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// The request, if the client may make it.
pub(super) async fn read(app: &App, form: &Form) -> Result<Request, NotAsked> {
    let stop = |what: &str| NotAsked::Stop(what.to_owned());
    let id = form.get("client_id").and_then(|id| id.parse::<ClientId>().ok());
    let client = match id {
        Some(id) => app.oauth_clients.find(id).await?,
        None => None,
    };
    let client = client.ok_or_else(|| stop("There is no such client."))?;
    let redirect_uri = form.get("redirect_uri").unwrap_or_default();
    if !client.registration.has_redirect_uri(redirect_uri) {
        return Err(stop("The client is not registered with this redirect_uri."));
    }
    if form.get("state").is_some_and(|state| state.len() > STATE_BYTES_MAX) {
        return Err(stop("The state is too long."));
    }
    let redirect_uri = redirect_uri.to_owned();
    match checked(&client, form) {
        Ok((scopes, code_challenge)) => {
            Ok(Request { client, redirect_uri, scopes, code_challenge })
        }
        Err(error) => Err(NotAsked::SendBack { redirect_uri, error }),
    }
}

fn checked(client: &KnownClient, form: &Form) -> Result<(Permissions, String), OAuthError> {
    if form.require("response_type")? != "code" {
        let what = "response_type must be code";
        return Err(OAuthError::new(ErrorCode::UnsupportedResponseType, what));
    }
    if !client.registration.grant_types.contains(&GrantType::AuthorizationCode) {
        let what = "the client is not registered for authorization_code";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, what));
    }
    let challenge = form.require("code_challenge")?;
    // Without a method, plain is meant, which shows to whoever reads the request all that there is to know.
    let is_s256 = form.get("code_challenge_method") == Some("S256")
        && OpaqueSecret::parse(challenge).is_some();
    if !is_s256 {
        let what =
            "code_challenge_method must be S256, and code_challenge the base64url of a SHA-256";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    }
    let scopes = asked_scopes(form.get("scope"), client.registration.scopes)?;
    Ok((scopes, challenge.to_owned()))
}

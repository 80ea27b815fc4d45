//! Which client it is: by HTTP Basic or in the form, and for those without a secret by name alone (RFC 6749, section 2.3).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use commands::oauth::clients::KnownClient;
use commands::opaque_secret::OpaqueSecret;
use domain::id::ClientId;
use domain::oauth_client::ClientKind;
use domain::ports::event_log::Actor;
use domain::refusal::{Means, Reason};
use http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};

use super::clients::SECRET_BEGINNING;
use super::error::{ErrorCode, OAuthError};
use super::failures;
use super::form::Form;
use crate::app::App;
use crate::denied::{Denied, told};
use crate::provenance::Provenance;

/// Who a client says it is.
struct Claimed {
    id: String,
    secret: Option<SecretString>,
    by_basic: bool,
}

/// The client that makes the request, if it shows that it is the one; its request counts for its tenant. One that does not
/// show it counts as a sign-in that failed.
pub(super) async fn authenticate(
    app: &App,
    provenance: &Provenance,
    headers: &HeaderMap,
    form: &Form,
) -> Result<KnownClient, OAuthError> {
    let claimed = claimed(headers, form)?;
    let id = claimed.id.parse::<ClientId>().ok();
    let known = match id {
        Some(id) => app.oauth_clients.find(id).await?,
        None => None,
    };
    let (reason, known) = match known {
        None => (Reason::Unknown, None),
        Some(client) if is_shown(app, &client, claimed.secret.as_ref()) => {
            failures::require_few(app, provenance, client.id).await?;
            app.access.standing_of_program(client.tenant_id, provenance.address).await?;
            let counted = app.limits.of_tenant(client.tenant_id);
            counted.map_err(|limit| limit.exceeded(app.ambient().now()))?;
            return Ok(client);
        }
        Some(client) => (Reason::WrongSecret, Some(client)),
    };
    app.access.require_unblocked(provenance.address).await?;
    failures::count(app, provenance, id).await?;
    let (tenant, subject) =
        (known.as_ref().map(|client| client.tenant_id), known.map(|client| client.id.0));
    told(app, provenance, Denied { tenant, means: Means::Client, subject, reason }).await?;
    let metadata = provenance.metadata(Actor::Nobody);
    app.access.count_for_address(provenance.address, &metadata).await?;
    let description = "there is no such client, or the secret is not its own".into();
    Err(OAuthError::Refused {
        code: ErrorCode::InvalidClient,
        description,
        by_basic: claimed.by_basic,
    })
}

fn is_shown(app: &App, client: &KnownClient, secret: Option<&SecretString>) -> bool {
    match (client.registration.kind, secret) {
        (ClientKind::Public, None) => true,
        (ClientKind::Confidential, Some(secret)) => {
            let secret = secret.expose_secret().strip_prefix(SECRET_BEGINNING);
            let secret = secret.and_then(OpaqueSecret::parse);
            secret.is_some_and(|secret| client.has_secret(&secret, app.ambient().now()))
        }
        (ClientKind::Public, Some(_)) | (ClientKind::Confidential, None) => false,
    }
}

fn claimed(headers: &HeaderMap, form: &Form) -> Result<Claimed, OAuthError> {
    let in_form = form.get("client_id");
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let id = in_form.map(str::to_owned).ok_or_else(|| {
            let description = "say which client it is: by HTTP Basic, or with client_id".into();
            OAuthError::Refused { code: ErrorCode::InvalidClient, description, by_basic: true }
        })?;
        return Ok(Claimed { id, secret: form.secret("client_secret"), by_basic: false });
    };
    if form.get("client_secret").is_some() {
        let what = "the client must show its secret in one way, not in two";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    }
    let (id, secret) = basic(value.as_bytes()).ok_or_else(|| {
        let description = "Authorization must be HTTP Basic".into();
        OAuthError::Refused { code: ErrorCode::InvalidClient, description, by_basic: true }
    })?;
    if in_form.is_some_and(|in_form| in_form != id) {
        let what = "client_id is another in the form than in Authorization";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    }
    Ok(Claimed { id, secret: Some(secret), by_basic: true })
}

/// Both parts are encoded as in a form before they are put together. Ours need no encoding.
fn basic(value: &[u8]) -> Option<(String, SecretString)> {
    let value = str::from_utf8(value).ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (id.to_owned(), secret.into()))
}

//! `POST /oauth/token`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use commands::access::sessions::{RefreshError, Refreshed};
use commands::access::sign_in::SignInError;
use commands::executor::CommandError;
use commands::oauth::clients::KnownClient;
use commands::oauth::codes::{Consent, Spent};
use commands::opaque_secret::OpaqueSecret;
use domain::access::permissions::Permissions;
use domain::login_session::RevocationReason;
use domain::oauth_client::GrantType;
use domain::ports::event_log::Actor;
use domain::refusal::{Means, Reason};
use http::HeaderMap;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::client_authentication::authenticate;
use super::error::{ErrorCode, OAuthError, Written};
use super::form::Form;
use crate::app::App;
use crate::denied::{Denied, denied};
use crate::openapi::refusals::refusals;
use crate::provenance::Provenance;
use crate::read_your_write::At;
use crate::token::{Access, Delegation, Refresh, UserAccess};

/// What a client is given (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
struct Given {
    access_token: String,
    #[schema(value_type = String, examples("Bearer"))]
    token_type: &'static str,
    /// Seconds until the access token is over.
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
}

/// What a client asks with (RFC 6749, sections 4.1.3, 4.4.2 and 6).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the form, which is read field by field")]
struct TokenRequest {
    /// `client_credentials`, `authorization_code` or `refresh_token`.
    #[schema(examples("client_credentials"))]
    grant_type: String,
    /// What of its scopes the client asks for, separated by spaces; all of them, unless given.
    scope: Option<String>,
    /// For `authorization_code`.
    code: Option<String>,
    /// For `authorization_code`: as it was when the code was asked for.
    redirect_uri: Option<String>,
    /// For `authorization_code`: what the challenge was made of (RFC 7636).
    code_verifier: Option<String>,
    /// For `refresh_token`.
    refresh_token: Option<String>,
    /// The client, where it does not show who it is by HTTP Basic.
    client_id: Option<String>,
    /// Its secret, where it has one and does not show it by HTTP Basic.
    client_secret: Option<String>,
}

refusals! {
    /// Too many wrong secrets were shown from the address, or the client's tenant asks too often.
    ClientLimited: RateLimitExceeded, RateIpBlocked;
}

/// A request, with all it comes with.
struct Asked<'a> {
    app: &'a App,
    provenance: &'a Provenance,
    client: KnownClient,
    form: &'a Form,
}

/// Gives a client tokens.
#[utoipa::path(
    post, path = "/oauth/token", tag = "OAuth2", operation_id = "giveTokens",
    request_body(
        content = inline(TokenRequest), content_type = "application/x-www-form-urlencoded",
        description = "The client shows who it is by HTTP Basic or in the form."
    ),
    responses(
        (status = 200, description = "Tokens.", body = inline(Given)),
        (status = 400, description = "What is wrong.", body = inline(Written)),
        (status = 401, description = "The client is not who it says.", body = inline(Written)),
        (status = 403, description = "The client is let in nowhere.", body = inline(Written)),
        ClientLimited
    )
)]
pub async fn token(
    State(app): State<App>,
    provenance: Provenance,
    headers: HeaderMap,
    form: Result<Form, OAuthError>,
) -> Response {
    let given = async {
        let form = form?;
        let client = authenticate(&app, &provenance, &headers, &form).await?;
        let asked = Asked { app: &app, provenance: &provenance, client, form: &form };
        match form.require("grant_type")? {
            "client_credentials" => asked.own(),
            "authorization_code" => asked.by_code().await,
            "refresh_token" => asked.by_refresh_token().await,
            _ => {
                let what =
                    "grant_type must be client_credentials, authorization_code or refresh_token";
                Err(OAuthError::new(ErrorCode::UnsupportedGrantType, what))
            }
        }
    };
    given.await.unwrap_or_else(OAuthError::into_response)
}

impl Asked<'_> {
    fn own(self) -> Result<Response, OAuthError> {
        self.require(GrantType::ClientCredentials)?;
        let scopes = self.scopes(self.client.registration.scopes)?;
        let delegation = Delegation { client_id: self.client.id, scopes };
        let access = Access::Client { tenant_id: self.client.tenant_id, delegation };
        Ok(Json(self.sign(&access, None, scopes)?).into_response())
    }

    async fn by_code(self) -> Result<Response, OAuthError> {
        self.require(GrantType::AuthorizationCode)?;
        let code = OpaqueSecret::parse(self.form.require("code")?);
        let (redirect_uri, verifier) =
            (self.form.require("redirect_uri")?, self.form.require("code_verifier")?);
        let code = code.ok_or_else(|| invalid_grant("there is no such code"))?;
        let consent = match self.app.authorization_codes.spend(&code).await? {
            Spent::Now(consent) => consent,
            Spent::Unknown => return Err(invalid_grant("there is no such code")),
            before @ Spent::Before { .. } => return Err(self.end_what_it_gave(before).await?),
        };
        let is_for_this =
            consent.client_id == self.client.id && consent.redirect_uri == redirect_uri;
        if !is_for_this || consent.expires_at <= self.app.ambient().now() {
            return Err(invalid_grant(
                "the code is over, or was given for another client or address",
            ));
        }
        if !verifies(verifier, &consent.code_challenge) {
            return Err(invalid_grant("code_verifier does not fit the code's code_challenge"));
        }
        self.begin(&code, &consent).await
    }

    /// Begins the login session that the tokens are of.
    async fn begin(self, code: &OpaqueSecret, consent: &Consent) -> Result<Response, OAuthError> {
        let (tenant_id, user_id, client) = (consent.tenant_id, consent.user_id, self.client.id);
        let access = &self.app.access;
        let verified = access.still_verified(tenant_id, user_id, consent.epochs).await?;
        let ended = "the user may not sign in any more, or was signed out everywhere since";
        let verified = verified.ok_or_else(|| invalid_grant(ended))?;
        let metadata = self.provenance.metadata(Actor::User { id: user_id });
        let origin = self.provenance.origin.clone();
        // No other login session makes room: the user has not said that one should.
        let begun = access.begin(&verified, Some(client), origin, false, metadata.clone()).await;
        let begun = begun.map_err(not_begun)?;
        let session = begun.login_session_id;
        if !self.app.authorization_codes.gave(code, session).await? {
            let reason = RevocationReason::CodeReused;
            access.revoke(tenant_id, user_id, session, reason, metadata).await?;
            return Err(invalid_grant("the code was shown twice"));
        }
        let delegation = Some(Delegation { client_id: client, scopes: consent.scopes });
        let role = verified.role;
        let access = UserAccess { tenant_id, user_id, role, login_session_id: session, delegation };
        let refresh =
            Refresh { tenant_id, user_id, login_session_id: session, generation: 0, delegation };
        let given = self.sign(&Access::User(access), Some(&refresh), consent.scopes)?;
        Ok(At(begun.position, Json(given)).into_response())
    }

    /// A code that comes back is in two hands: what it gave is ended (RFC 6749, section 4.1.2).
    async fn end_what_it_gave(&self, spent: Spent) -> Result<OAuthError, OAuthError> {
        if let Spent::Before { tenant_id, user_id, client_id, login_session } = spent {
            let (tenant, subject) = (Some(tenant_id), Some(client_id.0));
            let denial = Denied { tenant, means: Means::Client, subject, reason: Reason::Reused };
            denied(self.app, self.provenance, denial).await?;
            if let Some(session) = login_session {
                let metadata = self.provenance.metadata(Actor::Client { id: self.client.id });
                let reason = RevocationReason::CodeReused;
                self.app.access.revoke(tenant_id, user_id, session, reason, metadata).await?;
            }
        }
        Ok(invalid_grant("the code was used before; what it gave is over"))
    }

    async fn by_refresh_token(self) -> Result<Response, OAuthError> {
        let token = self.form.require("refresh_token")?;
        let token = self.app.tokens.verify_refresh(token, self.app.ambient().now());
        let token = token.map_err(|error| invalid_grant(error.to_string()))?;
        let own = token.delegation.filter(|delegation| delegation.client_id == self.client.id);
        let delegation =
            own.ok_or_else(|| invalid_grant("the token was given to somebody else"))?;
        let scopes = self.scopes(delegation.scopes)?;
        let (tenant_id, user_id, session) =
            (token.tenant_id, token.user_id, token.login_session_id);
        let metadata = self.provenance.metadata(Actor::User { id: user_id });
        let access = &self.app.access;
        let refreshed =
            access.refresh(tenant_id, user_id, session, token.generation, metadata).await;
        let Refreshed { role, generation, position } = refreshed.map_err(not_refreshed)?;
        let narrowed = Some(Delegation { scopes, ..delegation });
        let access = UserAccess {
            tenant_id,
            user_id,
            role,
            login_session_id: session,
            delegation: narrowed,
        };
        let refresh = Refresh { generation, ..token };
        let given = self.sign(&Access::User(access), Some(&refresh), scopes)?;
        Ok(At(position, Json(given)).into_response())
    }

    fn require(&self, grant: GrantType) -> Result<(), OAuthError> {
        if self.client.registration.grant_types.contains(&grant) {
            return Ok(());
        }
        let what = "the client is not registered for this grant_type";
        Err(OAuthError::new(ErrorCode::UnauthorizedClient, what))
    }

    /// The scopes asked for, which must be among those; all of them, if none is named.
    fn scopes(&self, may: Permissions) -> Result<Permissions, OAuthError> {
        asked_scopes(self.form.get("scope"), may)
    }

    fn sign(
        &self,
        access: &Access,
        refresh: Option<&Refresh>,
        scopes: Permissions,
    ) -> Result<Given, OAuthError> {
        let (tokens, now) = (&self.app.tokens, self.app.ambient().now());
        let id = || self.app.ambient().new_id();
        let refresh = refresh.map(|refresh| tokens.sign_refresh(refresh, id(), now)).transpose()?;
        Ok(Given {
            access_token: tokens.sign_access(access, id(), now)?,
            token_type: "Bearer",
            expires_in: tokens.access_lifetime(access).as_secs(),
            refresh_token: refresh,
            scope: scopes.to_string(),
        })
    }
}

/// The scopes asked for, which must be among `may`; all of `may`, if none is named.
pub(super) fn asked_scopes(
    asked: Option<&str>,
    may: Permissions,
) -> Result<Permissions, OAuthError> {
    let Some(asked) = asked else { return Ok(may) };
    let asked = asked.parse::<Permissions>();
    let asked =
        asked.map_err(|error| OAuthError::new(ErrorCode::InvalidScope, error.to_string()))?;
    match may.lacks(asked) {
        _ if asked.is_empty() => Ok(may),
        None => Ok(asked),
        Some(permission) => {
            let what = format!("the client may not ask for {}", permission.as_str());
            Err(OAuthError::new(ErrorCode::InvalidScope, what))
        }
    }
}

/// RFC 7636, section 4.6, with S256: the only method there is here.
fn verifies(verifier: &str, challenge: &str) -> bool {
    let is_sound = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    is_sound && BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge
}

fn invalid_grant(what: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, what)
}

fn not_begun(error: SignInError) -> OAuthError {
    match error {
        SignInError::SessionLimit(_) => invalid_grant(error.to_string()),
        error => error.into(),
    }
}

fn not_refreshed(error: RefreshError) -> OAuthError {
    let what = error.to_string();
    match error {
        RefreshError::Reused
        | RefreshError::Over
        | RefreshError::TenantSuspended
        | RefreshError::Session(CommandError::Rejected(_)) => invalid_grant(what),
        RefreshError::Log(_) | RefreshError::Session(_) => error.into(),
    }
}

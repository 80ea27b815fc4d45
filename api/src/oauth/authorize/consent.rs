//! A user signs in, with all that they have to show, and a code is made of what they allow.
//!
//! ```text
//! address and password -> a code for the client
//!                      -> a challenge in the page -> code of the second factor -> a code for the client
//! ```
//!
//! Invariant: it takes what a sign-in takes, counts as one and is refused as one. Whether there is a second factor is
//! told to who knows the password.

use chrono::TimeDelta;
use commands::access::sign_in::{Attempt, SignInError, Verified};
use commands::oauth::codes::Consent;
use commands::opaque_secret::OpaqueSecret;
use domain::access::permissions::Permissions;
use domain::email::EmailAddress;
use domain::ports::event_log::Actor;
use http::{HeaderName, HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use super::request::Request;
use crate::ambient::random_bytes;
use crate::app::App;
use crate::auth::login::allowance;
use crate::auth::mfa::verify::{challenge, complete};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::form::Form;
use crate::oauth::page::Step;
use crate::problem::{Code, Problem};
use crate::provenance::Provenance;

/// How long a code is good: until the client has fetched what it is for.
const CODE_LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// Why there is no code.
pub(super) enum NoCode {
    /// The user is asked for more, or again, and told what was wrong.
    Ask { step: Step, wrong: Option<Wrong> },
    /// The client is told.
    Refused(OAuthError),
    /// A failure of ours.
    Problem(Problem),
}

/// What was wrong.
pub(super) struct Wrong {
    /// As the user is told.
    pub(super) told: String,
    /// 403; 429 where there were too many.
    pub(super) status: StatusCode,
    /// When to go on, where there were too many.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl<E: Into<Problem>> From<E> for NoCode {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl NoCode {
    fn again(step: Step, told: &str) -> Self {
        let (told, status, headers) = (told.to_owned(), StatusCode::FORBIDDEN, vec![]);
        Self::Ask { step, wrong: Some(Wrong { told, status, headers }) }
    }

    /// The user is told what can be put right, or waited for.
    fn told(step: Step, problem: Problem) -> Self {
        let status = match problem.code().status() {
            StatusCode::TOO_MANY_REQUESTS => StatusCode::TOO_MANY_REQUESTS,
            status if status.is_client_error() => StatusCode::FORBIDDEN,
            _ => return Self::Problem(problem),
        };
        let told = problem.details().next().map(|detail| detail.message.to_string());
        let (told, headers) = (told.unwrap_or_default(), problem.headers().to_vec());
        Self::Ask { step, wrong: Some(Wrong { told, status, headers }) }
    }
}

/// A code for what the user allows.
pub(super) async fn consent(
    app: &App,
    provenance: &Provenance,
    request: &Request,
    form: &Form,
) -> Result<OpaqueSecret, NoCode> {
    let verified = match form.secret("mfa_token") {
        None => by_password(app, provenance, request, form).await?,
        Some(challenge) => by_code(app, provenance, request, form, challenge).await?,
    };
    let scopes = request.scopes.and(Permissions::of(verified.role));
    if scopes.is_empty() {
        let what = "the user may do nothing of this";
        return Err(NoCode::Refused(OAuthError::new(ErrorCode::AccessDenied, what)));
    }
    let code = OpaqueSecret::of(random_bytes());
    let consent = Consent {
        tenant_id: verified.tenant_id,
        client_id: request.client.id,
        user_id: verified.user_id,
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        epochs: verified.epochs,
        scopes,
        expires_at: app.ambient().now() + CODE_LIFETIME,
    };
    app.authorization_codes.keep(&code, &consent).await?;
    Ok(code)
}

/// Who it is, if the password is all that they have to show.
async fn by_password(
    app: &App,
    provenance: &Provenance,
    request: &Request,
    form: &Form,
) -> Result<Verified, NoCode> {
    let typed = form.get("email").unwrap_or_default().parse::<EmailAddress>();
    let (Ok(email), Some(password)) = (typed, form.secret("password")) else {
        let wrong = "Type your e-mail address and your password.";
        return Err(NoCode::again(Step::Password, wrong));
    };
    let allowed = allowance(app, provenance, &email).await;
    allowed.map_err(|problem| NoCode::told(Step::Password, problem))?;
    let attempt = Attempt {
        email,
        password,
        tenant: Some(request.client.tenant_id),
        address: provenance.address,
        metadata: provenance.metadata(Actor::Nobody),
    };
    let verified = app.access.check_password(attempt).await.map_err(|error| match error {
        SignInError::Refused => NoCode::again(
            Step::Password,
            "There is no such account, the password is wrong, or the account is locked.",
        ),
        error => NoCode::told(Step::Password, error.into()),
    })?;
    if verified.has_second_factor {
        let step = Step::Code { challenge: challenge(app, &verified, false)? };
        return Err(NoCode::Ask { step, wrong: None });
    }
    Ok(verified)
}

/// Who it is that showed the password before, and shows a code of the second factor now.
async fn by_code(
    app: &App,
    provenance: &Provenance,
    request: &Request,
    form: &Form,
    token: SecretString,
) -> Result<Verified, NoCode> {
    let challenge = app.tokens.verify_challenge(token.expose_secret(), app.ambient().now());
    let own = challenge.ok().filter(|challenge| challenge.tenant_id == request.client.tenant_id);
    let over = || NoCode::again(Step::Password, "That took too long. Sign in once more.");
    let challenge = own.ok_or_else(over)?;
    let step = Step::Code { challenge: token.expose_secret().to_owned() };
    let Some(code) = form.secret("code") else {
        return Err(NoCode::again(step, "Type the code, or a backup code."));
    };
    let completed = complete(app, provenance, challenge, &code).await;
    completed.map_err(|problem| match problem.code() {
        // Another code may be right, now or in a while.
        Code::AuthMfaCodeInvalid | Code::RateLimitExceeded | Code::RateIpBlocked => {
            NoCode::told(step, problem)
        }
        _ => NoCode::told(Step::Password, problem),
    })
}

//! `POST /auth/mfa/verify`: the second half of a sign-in with a second factor.
//!
//! Between the halves there is a challenge and no login session: a signed token of a few minutes, bound to the epochs the
//! password was shown in, that leads to one login session at most, or to one consent ([`crate::oauth::authorize`]).

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::TimeDelta;
use commands::access::second_factor::Asked;
use commands::access::sign_in::Verified;
use domain::ports::event_log::Actor;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::auth::TokenPair;
use crate::auth::login::begin;
use crate::envelope::success;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::openapi::answers::Success;
use crate::openapi::refusals::refusals;
use crate::problem::{Code, Problem};
use crate::provenance::Provenance;
use crate::read_your_write::At;
use crate::token::{CHALLENGE_LIFETIME, Challenge, SigningFailed};

/// The challenge and its answer.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "VerifySecondFactor")]
pub struct Verify {
    /// As the sign-in answered it.
    #[schemars(with = "String")]
    mfa_token: SecretString,
    /// Six digits, or a backup code; spaces, hyphens and case do not matter.
    #[schemars(with = "String")]
    code: SecretString,
}

impl FromFields for Verify {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let mfa_token = fields.required("mfaToken");
        let code = fields.required("code");
        Ok(Self { mfa_token: mfa_token?, code: code? })
    }
}

refusals! {
    /// Why the sign-in is not completed.
    NotVerified: AuthTokenInvalid, AuthTokenExpired, AuthMfaCodeInvalid, AuthMfaNotEnabled, AuthMfaUnavailable,
        AuthAccountDisabled, AuthzTenantSuspended, SessionLimitExceeded, RateLimitExceeded, RateIpBlocked;
}

/// Signs in with a code of the second factor, or a backup code.
#[utoipa::path(
    post, path = "/auth/mfa/verify", tag = "auth", operation_id = "verifySecondFactor",
    params(Json<Verify>),
    responses(At<Success<TokenPair>>, NotVerified)
)]
pub async fn verify(
    State(app): State<App>,
    provenance: Provenance,
    Json(Verify { mfa_token, code }): Json<Verify>,
) -> Result<impl IntoResponse, Problem> {
    let now = app.ambient().now();
    let challenge = app.tokens.verify_challenge(mfa_token.expose_secret(), now)?;
    let verified = complete(&app, &provenance, challenge, &code).await?;
    let (position, tokens) = begin(&app, &provenance, &verified, challenge.ends_oldest).await?;
    Ok(At(position, success(tokens)))
}

/// Who it is that was challenged, if they show a code; spends the challenge.
pub(crate) async fn complete(
    app: &App,
    provenance: &Provenance,
    challenge: Challenge,
    code: &SecretString,
) -> Result<Verified, Problem> {
    let Challenge { tenant_id, user_id, epochs, id, .. } = challenge;
    let resumed = app.access.resume(tenant_id, user_id, epochs).await?;
    let verified = resumed.ok_or_else(over)?;
    let asked = Asked {
        tenant: tenant_id,
        user: user_id,
        address: provenance.address,
        metadata: provenance.metadata(Actor::Nobody),
    };
    app.access.check_second_factor(&asked, code.expose_secret()).await?;
    let lifetime = TimeDelta::from_std(CHALLENGE_LIFETIME).unwrap_or_default();
    if !app.access.spend_challenge(id, app.ambient().now() + lifetime).await? {
        return Err(over());
    }
    Ok(verified)
}

/// The answer to a right password where a second factor is to be shown, too.
pub(crate) fn challenged(app: &App, verified: &Verified, ends_oldest: bool) -> Problem {
    let message = "MFA verification required";
    match challenge(app, verified, ends_oldest) {
        Ok(token) => Problem::new(Code::AuthMfaRequired, message)
            .with_member("mfaRequired", true)
            .with_member("mfaToken", token)
            .with_member("message", message),
        Err(error) => error.into(),
    }
}

/// What stands between a password and a code.
pub(crate) fn challenge(
    app: &App,
    verified: &Verified,
    ends_oldest: bool,
) -> Result<String, SigningFailed> {
    let Verified { tenant_id, user_id, epochs, .. } = *verified;
    let id = app.ambient().new_id();
    let challenge = Challenge { tenant_id, user_id, epochs, ends_oldest, id };
    app.tokens.sign_challenge(&challenge, app.ambient().now())
}

/// It led to a login session before, or the password was changed or the second factor taken away since.
fn over() -> Problem {
    Problem::new(Code::AuthTokenInvalid, "the challenge is over; sign in again")
}

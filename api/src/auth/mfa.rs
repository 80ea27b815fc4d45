//! One's own second factor: enrolled, confirmed, given other backup codes, taken away.

pub mod verify;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::access::second_factor::{Asked, NewBackupCodes, SecondFactorError};
use commands::second_factors::SecretsError;
use commands::second_factors::code::{BACKUP_CODES, BackupCode};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::password::require_own;
use crate::ambient::random_bytes;
use crate::app::App;
use crate::caller::SignedIn;
use crate::envelope::success;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::openapi::answers::{NoContent, Success};
use crate::openapi::refusals::refusals;
use crate::problem::{Code, Detail, Problem};
use crate::provenance::Provenance;
use crate::rate_limit::Allowance;
use crate::read_your_write::At;
use crate::sessions::qr::picture;

/// Who enrols knows the password.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EnrollSecondFactor")]
pub struct Enroll {
    /// The one that is good now.
    #[schemars(with = "String")]
    password: SecretString,
}

/// A code of the second factor, or a backup code.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SecondFactorCode")]
pub struct WithCode {
    /// Six digits, or a backup code; spaces, hyphens and case do not matter.
    #[schemars(with = "String")]
    code: SecretString,
}

/// What an authenticator is told, once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SecondFactorEnrolment")]
struct Enrolled {
    /// In base32, to be typed in.
    secret: String,
    /// The same, to be scanned.
    otpauth_uri: String,
    /// The URI as a QR code: an SVG in a data URI, as `<img src>` takes it.
    qr_code: String,
}

/// Shown once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct BackupCodes {
    /// Each gets in once, in the place of a code of the moment.
    backup_codes: Vec<String>,
}

impl FromFields for Enroll {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { password: fields.required("password")? })
    }
}

impl FromFields for WithCode {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { code: fields.required("code")? })
    }
}

refusals! {
    /// Why nothing is enrolled.
    NotEnrolled: AuthInvalidCredentials, AuthMfaAlreadyEnabled, AuthMfaUnavailable;
    /// Why a code does nothing.
    CodeRefused: AuthMfaCodeInvalid, AuthMfaAlreadyEnabled, AuthMfaNotEnabled, AuthMfaUnavailable, RateIpBlocked;
}

/// Makes a secret for one's authenticator. Nothing changes until a code is confirmed.
#[utoipa::path(
    post, path = "/auth/mfa/enroll", tag = "auth", operation_id = "enrollSecondFactor",
    params(Json<Enroll>),
    responses(Success<Enrolled>, NotEnrolled)
)]
pub async fn enroll(
    State(app): State<App>,
    caller: SignedIn,
    provenance: Provenance,
    Json(Enroll { password }): Json<Enroll>,
) -> Result<Response, Problem> {
    require_own(&app, &caller, &provenance, password, "password").await?;
    let secret = random_bytes();
    let enrolment = app.access.enroll_second_factor(caller.tenant, caller.user, secret).await?;
    let picture = picture::svg(&enrolment.uri)?;
    Ok(success(Enrolled {
        qr_code: format!("data:image/svg+xml,{}", utf8_percent_encode(&picture, NON_ALPHANUMERIC)),
        secret: enrolment.secret,
        otpauth_uri: enrolment.uri,
    })
    .into_response())
}

/// Confirms the authenticator with its first code. From then on one signs in with a code; backup codes are shown once.
#[utoipa::path(
    post, path = "/auth/mfa/confirm", tag = "auth", operation_id = "confirmSecondFactor",
    params(Json<WithCode>),
    responses(At<Success<BackupCodes>>, CodeRefused)
)]
pub async fn confirm(
    State(app): State<App>,
    caller: SignedIn,
    provenance: Provenance,
    Json(WithCode { code }): Json<WithCode>,
) -> Result<Response, Problem> {
    let (asked, by) = (asked(&caller, &provenance), caller.authority());
    let confirmed =
        app.access.confirm_second_factor(&asked, code.expose_secret(), random_backup_codes(), by);
    Ok(shown(&confirmed.await?))
}

/// Takes one's second factor away; takes a code, or a backup code.
#[utoipa::path(
    delete, path = "/auth/mfa", tag = "auth", operation_id = "disableSecondFactor",
    params(Json<WithCode>),
    responses(At<NoContent>, CodeRefused)
)]
pub async fn disable(
    State(app): State<App>,
    caller: SignedIn,
    provenance: Provenance,
    Json(WithCode { code }): Json<WithCode>,
) -> Result<Response, Problem> {
    let (asked, by) = (asked(&caller, &provenance), caller.authority());
    app.access.check_second_factor(&asked, code.expose_secret()).await?;
    let position = app.access.disable_second_factor(&asked, by).await?;
    Ok(At(position, StatusCode::NO_CONTENT).into_response())
}

/// Gives one other backup codes, shown once; the old ones are void.
#[utoipa::path(
    post, path = "/auth/mfa/backup-codes", tag = "auth", operation_id = "replaceBackupCodes",
    params(Json<WithCode>),
    responses(At<Success<BackupCodes>>, CodeRefused)
)]
pub async fn replace_backup_codes(
    State(app): State<App>,
    caller: SignedIn,
    provenance: Provenance,
    Json(WithCode { code }): Json<WithCode>,
) -> Result<Response, Problem> {
    let (asked, by) = (asked(&caller, &provenance), caller.authority());
    let replaced =
        app.access.replace_backup_codes(&asked, code.expose_secret(), random_backup_codes(), by);
    Ok(shown(&replaced.await?))
}

pub(super) fn asked(caller: &SignedIn, provenance: &Provenance) -> Asked {
    Asked {
        tenant: caller.tenant,
        user: caller.user,
        address: provenance.address,
        metadata: provenance.metadata(caller.actor()),
    }
}

fn random_backup_codes() -> commands::access::second_factor::BackupCodeBytes {
    [(); BACKUP_CODES].map(|()| random_bytes())
}

fn shown(new: &NewBackupCodes) -> Response {
    let backup_codes = new.codes.iter().map(BackupCode::shown).collect();
    At(new.position, success(BackupCodes { backup_codes })).into_response()
}

impl From<SecondFactorError> for Problem {
    fn from(error: SecondFactorError) -> Self {
        let message = error.to_string();
        match error {
            SecondFactorError::AlreadyEnabled => Self::new(Code::AuthMfaAlreadyEnabled, message),
            SecondFactorError::NotEnabled => Self::new(Code::AuthMfaNotEnabled, message),
            SecondFactorError::Refused => {
                Detail::new(Code::AuthMfaCodeInvalid, message).on("code").by("CODE").into()
            }
            SecondFactorError::TooMany { limit, wait, now } => {
                Allowance { limit, remaining: 0, reset: wait }.exceeded_by("codes per minute", now)
            }
            SecondFactorError::Secrets(SecretsError::Database(error)) => error.into(),
            SecondFactorError::Secrets(error @ SecretsError::NoKey) => {
                Self::new(Code::AuthMfaUnavailable, error.to_string())
            }
            SecondFactorError::Secrets(error @ SecretsError::Unreadable(_)) => {
                let message =
                    "codes cannot be checked now; use a backup code, or ask an administrator";
                Self::new(Code::AuthMfaUnavailable, message).caused_by(error)
            }
            SecondFactorError::Log(error) => error.into(),
            SecondFactorError::User(error) => error.into(),
            SecondFactorError::SignIn(error) => (*error).into(),
        }
    }
}

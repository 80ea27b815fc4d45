//! What somebody does who has no password, or forgot it: asks for mail, and uses the link in it.
//!
//! What is answered, and how long that takes, does not depend on whether there is such an account: the request is written
//! down, and looked at by who sends mail.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::access::counts::Class;
use commands::accounts::AccountError;
use commands::mail::recovery::RecoveryError;
use commands::mail::{Kind, Purpose};
use domain::email::EmailAddress;
use domain::id::TenantId;
use domain::ports::event_log::Actor;
use http::StatusCode;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::named_tenant::NamedTenant;
use super::password::unsuitable;
use crate::app::App;
use crate::envelope::success;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::openapi::answers::{NoContent, Promised};
use crate::openapi::refusals::refusals;
use crate::problem::{Code, Detail, Problem};
use crate::provenance::Provenance;
use crate::rate_limit::Allowance;
use crate::read_your_write::At;

const HOUR: Duration = Duration::from_hours(1);

/// Where mail is asked for to.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AskForMail")]
pub struct Ask {
    /// The address.
    email: EmailAddress,
}

/// The token out of a mail, and the password it is to set.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPassword {
    /// Out of the mail.
    #[schemars(with = "String")]
    token: SecretString,
    /// The one that is to be.
    #[schemars(with = "String")]
    new_password: SecretString,
}

/// The token out of a mail.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "VerifyEmail")]
pub struct Confirmation {
    /// Out of the mail.
    #[schemars(with = "String")]
    token: SecretString,
}

/// The same for everybody who asks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MailAsked")]
struct Asked {
    /// In words.
    message: &'static str,
}

impl FromFields for Ask {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { email: fields.required("email")? })
    }
}

impl FromFields for NewPassword {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let token = fields.required("token");
        let new_password = fields.required("newPassword");
        Ok(Self { token: token?, new_password: new_password? })
    }
}

impl FromFields for Confirmation {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { token: fields.required("token")? })
    }
}

refusals! {
    /// Why no mail is on its way.
    NotAsked: RateLimitExceeded, SysMailOff, TenantNotFound, ValidInvalidFormat;
    /// Why a link does nothing.
    LinkRefused: AuthLinkInvalid, ValidPassword, RateIpBlocked;
}

/// Has a link to a new password mailed to an address, if it has an account.
#[utoipa::path(
    post, path = "/auth/forgot-password", tag = "auth", operation_id = "forgotPassword",
    params(Json<Ask>, NamedTenant),
    responses(Promised<Asked>, NotAsked)
)]
pub async fn forgot_password(
    State(app): State<App>,
    provenance: Provenance,
    NamedTenant(tenant): NamedTenant,
    Json(Ask { email }): Json<Ask>,
) -> Result<Response, Problem> {
    ask(&app, &provenance, tenant, Kind::ResetAsked, email).await
}

/// Has a link that confirms an address mailed to it, if it has an account that is not confirmed.
#[utoipa::path(
    post, path = "/auth/verify-email/resend", tag = "auth", operation_id = "resendVerification",
    params(Json<Ask>, NamedTenant),
    responses(Promised<Asked>, NotAsked)
)]
pub async fn resend_verification(
    State(app): State<App>,
    provenance: Provenance,
    NamedTenant(tenant): NamedTenant,
    Json(Ask { email }): Json<Ask>,
) -> Result<Response, Problem> {
    ask(&app, &provenance, tenant, Kind::VerificationAsked, email).await
}

/// Sets a new password by a link. All login sessions of the account end.
#[utoipa::path(
    post, path = "/auth/reset-password", tag = "auth", operation_id = "resetPassword",
    params(Json<NewPassword>),
    responses(At<NoContent>, LinkRefused)
)]
pub async fn reset_password(
    State(app): State<App>,
    provenance: Provenance,
    Json(new): Json<NewPassword>,
) -> Result<Response, Problem> {
    set_password(&app, &provenance, Purpose::PasswordReset, new).await
}

/// Sets the first password by an invitation's link, which confirms the address, too.
#[utoipa::path(
    post, path = "/auth/accept-invitation", tag = "auth", operation_id = "acceptInvitation",
    params(Json<NewPassword>),
    responses(At<NoContent>, LinkRefused)
)]
pub async fn accept_invitation(
    State(app): State<App>,
    provenance: Provenance,
    Json(new): Json<NewPassword>,
) -> Result<Response, Problem> {
    set_password(&app, &provenance, Purpose::Invitation, new).await
}

/// Confirms an address by a link.
#[utoipa::path(
    post, path = "/auth/verify-email", tag = "auth", operation_id = "verifyEmail",
    params(Json<Confirmation>),
    responses(At<NoContent>, LinkRefused)
)]
pub async fn verify_email(
    State(app): State<App>,
    provenance: Provenance,
    Json(Confirmation { token }): Json<Confirmation>,
) -> Result<Response, Problem> {
    let metadata = provenance.metadata(Actor::Nobody);
    let verified = app.recovery.verify_email(token.expose_secret(), provenance.address, metadata);
    Ok(At(verified.await?, StatusCode::NO_CONTENT).into_response())
}

async fn ask(
    app: &App,
    provenance: &Provenance,
    tenant: Option<TenantId>,
    kind: Kind,
    email: EmailAddress,
) -> Result<Response, Problem> {
    if !app.sends_mail {
        let message = "this server sends no mail: SMTP_URL is not set; ask an administrator";
        return Err(Problem::new(Code::SysMailOff, message));
    }
    let address = provenance.address.map(|address| address.to_string()).unwrap_or_default();
    let limits = app.mail_limits;
    limit(app, &format!("from {address}"), limits.per_address_and_hour).await?;
    limit(app, &format!("to {email}"), limits.per_hour).await?;
    app.recovery.ask(kind, email, tenant).await?;
    let message = "if there is such an account, mail is on its way to the address";
    Ok((StatusCode::ACCEPTED, success(Asked { message })).into_response())
}

async fn limit(app: &App, key: &str, per_hour: u32) -> Result<(), Problem> {
    let counted =
        Allowance::counted(app.access.counts(), Class::Mails, key, per_hour, HOUR).await?;
    let exceeded =
        |allowance: Allowance| allowance.exceeded_by("mails per hour", app.ambient().now());
    counted.map(drop).map_err(exceeded)
}

async fn set_password(
    app: &App,
    provenance: &Provenance,
    purpose: Purpose,
    NewPassword { token, new_password }: NewPassword,
) -> Result<Response, Problem> {
    let (address, metadata) = (provenance.address, provenance.metadata(Actor::Nobody));
    let token = token.expose_secret();
    let set = app.recovery.set_password(purpose, token, new_password, address, metadata);
    Ok(At(set.await?, StatusCode::NO_CONTENT).into_response())
}

impl From<RecoveryError> for Problem {
    fn from(error: RecoveryError) -> Self {
        let message = error.to_string();
        match error {
            RecoveryError::NoGood => {
                Detail::new(Code::AuthLinkInvalid, message).on("token").by("TOKEN").into()
            }
            RecoveryError::Password(error)
            | RecoveryError::Account(AccountError::Password(error)) => {
                unsuitable(&error, "newPassword")
            }
            RecoveryError::Access(error) => error.into(),
            RecoveryError::Database(error) => error.into(),
            RecoveryError::Log(error) => error.into(),
            RecoveryError::User(error) => error.into(),
            RecoveryError::Account(error) => error.into(),
            RecoveryError::Refusal(error) => error.into(),
        }
    }
}

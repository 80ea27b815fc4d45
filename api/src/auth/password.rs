//! `POST /auth/password`

use crate::openapi::answers::NoContent;
use crate::openapi::refusals::refusals;
use axum::extract::State;
use axum::response::IntoResponse;
use commands::access::counts::Class;
use commands::accounts::AccountError;
use domain::refusal::{Means, Reason};
use domain::user::event::PasswordChange;
use http::StatusCode;
use schemars::JsonSchema;
use secrecy::SecretString;

use super::mfa::asked;
use crate::app::App;
use crate::caller::SignedIn;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::problem::{Code, Detail, Problem};
use crate::provenance::Provenance;
use crate::rate_limit::{Allowance, MINUTE};
use crate::read_your_write::At;

/// The old password and the new one.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ChangePassword")]
pub struct Replacement {
    /// The one that is good now.
    #[schemars(with = "String")]
    current_password: SecretString,
    /// The one that is to be.
    #[schemars(with = "String")]
    new_password: SecretString,
}

impl FromFields for Replacement {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let current_password = fields.required("currentPassword");
        let new_password = fields.required("newPassword");
        Ok(Self { current_password: current_password?, new_password: new_password? })
    }
}

refusals! {
    /// Why a password stays what it is.
    PasswordUnchanged: AuthInvalidCredentials, ValidPassword;
}

/// Changes one's own password. All of one's login sessions end, this one too.
#[utoipa::path(
    post, path = "/auth/password", tag = "auth", operation_id = "changePassword",
    params(Json<Replacement>),
    responses(At<NoContent>, PasswordUnchanged)
)]
pub async fn change(
    State(app): State<App>,
    caller: SignedIn,
    provenance: Provenance,
    Json(Replacement { current_password, new_password }): Json<Replacement>,
) -> Result<impl IntoResponse, Problem> {
    require_own(&app, &caller, &provenance, current_password, "currentPassword").await?;
    let user = (caller.tenant, caller.user);
    let (by, metadata) = (caller.authority(), provenance.metadata(caller.actor()));
    let how = PasswordChange::Owner;
    let changed = app.accounts.set_password(user, new_password, how, by, metadata).await;
    let changed = changed.map_err(|error| match error {
        AccountError::Password(error) => unsuitable(&error, "newPassword"),
        error => error.into(),
    })?;
    Ok(At(changed.position, StatusCode::NO_CONTENT))
}

/// Refuses who does not know their own password, typed into this field. Tries are limited, and a wrong one counts as in a
/// sign-in.
pub(super) async fn require_own(
    app: &App,
    caller: &SignedIn,
    provenance: &Provenance,
    password: SecretString,
    field: &'static str,
) -> Result<(), Problem> {
    let limit = app.sign_in_limits.account_sign_ins_per_minute;
    let key = caller.user.to_string();
    Allowance::counted(app.access.counts(), Class::AccountSignIns, &key, limit, MINUTE)
        .await?
        .map_err(|allowance| allowance.exceeded(app.ambient().now()))?;
    let known = app.accounts.require_password(caller.tenant, caller.user, password).await;
    let Err(AccountError::WrongPassword) = known else { return Ok(known?) };
    let asked = asked(caller, provenance);
    app.access.refuse(&asked, Means::Password, Reason::WrongSecret).await?;
    let detail = Detail::new(Code::AuthInvalidCredentials, "is not your password");
    Err(detail.on(field).by("CURRENT_PASSWORD").into())
}

/// What is wrong with a password.
pub(crate) fn unsuitable(
    error: &commands::passwords::PasswordError,
    field: &'static str,
) -> Problem {
    match error {
        commands::passwords::PasswordError::Unhashable(reason) => Problem::internal(reason.clone()),
        error => {
            Detail::new(Code::ValidPassword, error.to_string()).on(field).by("PASSWORD").into()
        }
    }
}

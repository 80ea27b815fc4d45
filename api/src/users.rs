//! The users of one's own tenant, for those who look after them.

pub mod list;
pub mod second_factor;

use crate::openapi::answers::{self, NoContent};
use crate::openapi::refusals::refusals;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::accounts::{AccountError, Made, NewUser};
use domain::access::Role;
use domain::email::EmailAddress;
use domain::id::{TenantId, UserId};
use domain::tenant;
use domain::user::event::{LockReason, PasswordChange};
use domain::user::{Change, Rejection};
use http::StatusCode;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;

use crate::app::App;
use crate::auth::password::unsuitable;
use crate::caller::Caller;
use crate::envelope::located;
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Id, Json, Noted};
use crate::mount::Mount;
use crate::problem::{Code, Detail, Problem};
use crate::provenance::Provenance;
use crate::read_your_write::At;

/// A user to be made.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CreateUser")]
pub struct Create {
    /// Signs in with it.
    email: EmailAddress,
    /// Signs in with it; none: they are invited by mail.
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    /// What they are in the tenant.
    role: Role,
}

/// What a user is to be.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetRole {
    /// The role.
    role: Role,
}

/// Another password for a user.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPassword {
    /// The password.
    #[schemars(with = "String")]
    password: SecretString,
}

/// A user that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CreatedUser")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Created {
    id: UserId,
    email: EmailAddress,
    role: Role,
}

impl FromFields for Create {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let email = fields.required("email");
        let password = fields.optional("password");
        let role = fields.required("role");
        Ok(Self { email: email?, password: password?, role: role? })
    }
}

impl FromFields for SetRole {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { role: fields.required("role")? })
    }
}

impl FromFields for SetPassword {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        Ok(Self { password: fields.required("password")? })
    }
}

refusals! {
    /// There is no such user.
    UserUnknown: UserNotFound;
    /// Why a user is not made.
    NotCreated: TenantNotFound, UserAlreadyExists, ValidPassword, AuthzRoleBeyondReach, AuthzTenantSuspended;
    /// Why nothing is done to a user.
    UserRefused: UserNotFound, UserIsOneself, AuthzRoleBeyondReach;
    /// Why a user's password stays what it is.
    PasswordRefused: UserNotFound, UserIsOneself, AuthzRoleBeyondReach, ValidPassword;
}

/// Makes a user of one's own tenant.
#[utoipa::path(
    post, path = "/users", tag = "users", operation_id = "createUser",
    params(Json<Create>),
    responses(At<answers::Created<Created>>, NotCreated)
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    mount: Mount,
    Json(create): Json<Create>,
) -> Result<Response, Problem> {
    create_in(&app, &caller, &provenance, &mount, caller.tenant, create).await
}

/// Makes a user of a tenant. That it came to be is told once its own events say so.
pub(crate) async fn create_in(
    app: &App,
    caller: &Caller,
    provenance: &Provenance,
    mount: &Mount,
    tenant_id: TenantId,
    Create { email, password, role }: Create,
) -> Result<Response, Problem> {
    if password.is_none() && !app.sends_mail {
        let message =
            "is required: without SMTP_URL the server sends no mail, so nobody can be invited";
        let missing = Detail::new(Code::ValidRequiredField, message);
        return Err(missing.on("password").by("REQUIRED").into());
    }
    let new = NewUser { tenant_id, email: email.clone(), password, role };
    let (by, metadata) = (caller.authority_over_others(), provenance.metadata(caller.actor()));
    let Made { id, position } = app.accounts.create_user(new, by, metadata).await?;
    let location = mount.path(&format!("/users/{id}"));
    let created = Created { id, email, role };
    Ok(At(position, located(StatusCode::CREATED, &location, created)).into_response())
}

/// Makes a user something else in the tenant; it holds with their next request.
#[utoipa::path(
    put, path = "/users/{id}/role", tag = "users", operation_id = "setRole",
    params(Id<UserId>, Json<SetRole>),
    responses(At<NoContent>, UserRefused)
)]
pub async fn set_role(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<UserId>,
    Json(SetRole { role }): Json<SetRole>,
) -> Result<Response, Problem> {
    change(&app, &caller, &provenance, id, Change::Role(role)).await
}

/// Gives a user another password; their login sessions end.
#[utoipa::path(
    put, path = "/users/{id}/password", tag = "users", operation_id = "setPassword",
    params(Id<UserId>, Json<SetPassword>),
    responses(At<NoContent>, PasswordRefused)
)]
pub async fn set_password(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<UserId>,
    Json(SetPassword { password }): Json<SetPassword>,
) -> Result<Response, Problem> {
    let (by, metadata) = (caller.authority(id), provenance.metadata(caller.actor()));
    let (user, how) = ((caller.tenant, id), PasswordChange::Administrator);
    let set = app.accounts.set_password(user, password, how, by, metadata).await?;
    Ok(At(set.position, StatusCode::NO_CONTENT).into_response())
}

/// Keeps a user from signing in; their login sessions end.
#[utoipa::path(
    post, path = "/users/{id}/deactivate", tag = "users", operation_id = "deactivateUser",
    params(Id<UserId>),
    responses(At<NoContent>, UserRefused)
)]
pub async fn deactivate(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<UserId>,
) -> Result<Response, Problem> {
    change(&app, &caller, &provenance, id, Change::Deactivate).await
}

/// Lets a user sign in again.
#[utoipa::path(
    post, path = "/users/{id}/reactivate", tag = "users", operation_id = "reactivateUser",
    params(Id<UserId>),
    responses(At<NoContent>, UserRefused)
)]
pub async fn reactivate(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<UserId>,
) -> Result<Response, Problem> {
    change(&app, &caller, &provenance, id, Change::Reactivate).await
}

/// Keeps a user from signing in until they are unlocked; login sessions go on.
#[utoipa::path(
    post, path = "/users/{id}/lock", tag = "users", operation_id = "lockUser",
    params(Id<UserId>),
    responses(At<NoContent>, UserRefused)
)]
pub async fn lock(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<UserId>,
) -> Result<Response, Problem> {
    let lock = Change::Lock { reason: LockReason::ByOrder, until: None };
    change(&app, &caller, &provenance, id, lock).await
}

/// Ends a user's lock, whyever they were locked.
#[utoipa::path(
    post, path = "/users/{id}/unlock", tag = "users", operation_id = "unlockUser",
    params(Id<UserId>),
    responses(At<NoContent>, UserRefused)
)]
pub async fn unlock(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<UserId>,
) -> Result<Response, Problem> {
    change(&app, &caller, &provenance, id, Change::Unlock).await
}

/// Ends all of a user's login sessions.
#[utoipa::path(
    delete, path = "/users/{id}/login-sessions", tag = "users", operation_id = "revokeLoginSessionsOfUser",
    params(Id<UserId>),
    responses(At<NoContent>, UserRefused)
)]
pub async fn revoke_login_sessions(
    State(app): State<App>,
    caller: Caller,
    provenance: Provenance,
    Id(id): Id<UserId>,
) -> Result<Response, Problem> {
    change(&app, &caller, &provenance, id, Change::SignOutEverywhere).await
}

async fn change(
    app: &App,
    caller: &Caller,
    provenance: &Provenance,
    id: UserId,
    change: Change,
) -> Result<Response, Problem> {
    let (by, metadata) = (caller.authority(id), provenance.metadata(caller.actor()));
    let changed = app.access.change_user(caller.tenant, id, change, by, metadata).await?;
    Ok(At(changed.position, StatusCode::NO_CONTENT).into_response())
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::Unknown => UserId::not_found(),
            Rejection::RoleBeyondReach(_) => Self::new(Code::AuthzRoleBeyondReach, message),
            Rejection::OneselfOnly => Self::new(Code::UserIsOneself, message),
            // Ids are new for each user.
            Rejection::AlreadyExists => Self::internal(rejection),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let message = error.to_string();
        match error {
            AccountError::NoSuchTenant(_) => TenantId::not_found(),
            AccountError::NoSuchUser => UserId::not_found(),
            AccountError::EmailTaken => {
                Detail::new(Code::UserAlreadyExists, message).on("email").by("UNIQUE").into()
            }
            AccountError::WrongPassword => Self::new(Code::AuthInvalidCredentials, message),
            AccountError::Password(error) => unsuitable(&error, "password"),
            AccountError::Credentials(error) => error.into(),
            AccountError::Log(error) => error.into(),
            AccountError::Tenant(error) => error.into(),
            AccountError::User(error) => error.into(),
        }
    }
}

impl From<tenant::Rejection> for Problem {
    fn from(rejection: tenant::Rejection) -> Self {
        match rejection {
            tenant::Rejection::Unknown => TenantId::not_found(),
            tenant::Rejection::Own => Self::new(Code::TenantIsOwn, rejection.to_string()),
            // Ids are new for each tenant.
            tenant::Rejection::AlreadyExists => Self::internal(rejection),
        }
    }
}

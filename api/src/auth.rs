//! Signing in, staying signed in, and signing out.

pub mod login;
pub mod login_sessions;
pub mod mfa;
mod named_tenant;
pub mod password;
pub mod recovery;
pub mod refresh;

use std::time::Duration;

use commands::access::sessions::RefreshError;
use commands::access::sign_in::SignInError;
use commands::access::standing::NoStanding;
use domain::access::Role;
use domain::id::{LoginSessionId, TenantId, UserId};
use domain::login_session;
use serde::Serialize;

use crate::app::App;
use crate::problem::{Code, Detail, Problem};
use crate::token::{Access, Refresh, SigningFailed, UserAccess};
use schemars::JsonSchema;

/// What a sign-in and a refresh answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenPair {
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    /// Seconds until the access token is over.
    expires_in: u64,
}

/// Whom tokens are for.
#[derive(Debug, Clone, Copy)]
struct Grant {
    tenant_id: TenantId,
    user_id: UserId,
    role: Role,
    login_session_id: LoginSessionId,
    generation: u32,
}

impl Grant {
    fn sign(self, app: &App) -> Result<TokenPair, SigningFailed> {
        let Self { tenant_id, user_id, role, login_session_id, generation } = self;
        let now = app.ambient().now();
        let delegation = None;
        let access =
            Access::User(UserAccess { tenant_id, user_id, role, login_session_id, delegation });
        let refresh = Refresh { tenant_id, user_id, login_session_id, generation, delegation };
        Ok(TokenPair {
            access_token: app.tokens.sign_access(&access, app.ambient().new_id(), now)?,
            refresh_token: app.tokens.sign_refresh(&refresh, app.ambient().new_id(), now)?,
            token_type: "Bearer",
            expires_in: app.tokens.access_lifetime(&access).as_secs(),
        })
    }
}

impl From<SigningFailed> for Problem {
    fn from(error: SigningFailed) -> Self {
        Self::internal(error)
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let message = error.to_string();
        match error {
            SignInError::AddressBlocked(wait) => address_blocked(wait),
            SignInError::Refused => Self::new(Code::AuthInvalidCredentials, message),
            SignInError::Ambiguous => tenant_required(),
            SignInError::Deactivated => Self::new(Code::AuthAccountDisabled, message),
            SignInError::TenantSuspended => Self::new(Code::AuthzTenantSuspended, message),
            SignInError::Unverified => Self::new(Code::AuthEmailUnverified, message),
            SignInError::SessionLimit(_) => {
                let message = format!("{message}, or sign in with \"endOldestSession\": true");
                Self::new(Code::SessionLimitExceeded, message)
            }
            SignInError::Database(error) => error.into(),
            SignInError::Log(error) => error.into(),
            SignInError::LoginSession(error) => error.into(),
            SignInError::User(error) => error.into(),
            SignInError::Address(error) => error.into(),
            SignInError::Refusal(error) => error.into(),
        }
    }
}

impl From<NoStanding> for Problem {
    fn from(error: NoStanding) -> Self {
        let message = error.to_string();
        match error {
            NoStanding::SessionOver => Self::new(Code::AuthSessionRevoked, message),
            NoStanding::TenantSuspended => Self::new(Code::AuthzTenantSuspended, message),
            NoStanding::AddressBlocked(wait) => address_blocked(wait),
            NoStanding::Log(error) => error.into(),
        }
    }
}

impl From<domain::refusal::Rejection> for Problem {
    /// Ids are new for each refusal.
    fn from(rejection: domain::refusal::Rejection) -> Self {
        Self::internal(rejection)
    }
}

impl From<login_session::Rejection> for Problem {
    fn from(rejection: login_session::Rejection) -> Self {
        match rejection {
            login_session::Rejection::Unknown => {
                Self::new(Code::AuthTokenInvalid, "the token is not valid")
            }
            login_session::Rejection::Revoked => {
                Self::new(Code::AuthSessionRevoked, "the login session is over; sign in again")
            }
            // Ids are new for each sign-in.
            login_session::Rejection::AlreadyExists => Self::internal(rejection),
        }
    }
}

fn address_blocked(wait: Option<Duration>) -> Problem {
    let blocked = |message: String| Problem::new(Code::RateIpBlocked, message);
    match wait {
        Some(wait) => {
            let minutes = wait.as_secs().div_ceil(60);
            blocked(format!("this address is blocked for {minutes} minutes")).retry_after(wait)
        }
        None => blocked("this address is blocked; ask who runs the installation".to_owned()),
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        let message = error.to_string();
        match error {
            RefreshError::Reused => Self::new(Code::AuthRefreshReused, message),
            RefreshError::Over => Self::new(Code::AuthSessionRevoked, message),
            RefreshError::TenantSuspended => Self::new(Code::AuthzTenantSuspended, message),
            RefreshError::Log(error) => error.into(),
            RefreshError::Session(error) => error.into(),
        }
    }
}

/// Told only to who knows the password.
fn tenant_required() -> Problem {
    let message = "the account exists in several tenants: name one in the header X-Tenant-ID";
    Detail::new(Code::ValidTenantRequired, message).on("X-Tenant-ID").by("REQUIRED").into()
}

//! Signing in, and staying signed in.

pub mod login;
pub mod refresh;

use domain::access::Role;
use domain::id::{LoginSessionId, TenantId, UserId};
use domain::login_session;
use domain::user::User;
use serde::Serialize;

use crate::app::App;
use crate::problem::{Code, Problem};
use crate::token::{Access, Refresh, SigningFailed};

/// What a sign-in and a refresh answer.
#[derive(Debug, Serialize)]
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
        let access = Access { tenant_id, user_id, role, login_session_id };
        let refresh = Refresh { tenant_id, user_id, login_session_id, generation };
        Ok(TokenPair {
            access_token: app.tokens.sign_access(&access, app.ambient().new_id(), now)?,
            refresh_token: app.tokens.sign_refresh(&refresh, app.ambient().new_id(), now)?,
            token_type: "Bearer",
            expires_in: app.tokens.access_lifetime().as_secs(),
        })
    }
}

/// What the user is in the tenant; none if the user was never completed.
async fn role_of(app: &App, tenant: TenantId, user: UserId) -> Result<Option<Role>, Problem> {
    Ok(match app.executor.load::<User>(tenant, user.0).await? {
        User::Active { role } => Some(role),
        User::Absent => None,
    })
}

fn invalid_credentials() -> Problem {
    Problem::new(Code::AuthInvalidCredentials, "there is no such account, or the password is wrong")
}

impl From<SigningFailed> for Problem {
    fn from(error: SigningFailed) -> Self {
        Self::internal(error)
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

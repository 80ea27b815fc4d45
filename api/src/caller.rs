//! Who makes a request: read from the access token or the API key, so it can be neither forged nor forgotten.

pub mod shown;

use axum::extract::FromRequestParts;
use domain::access::permissions::Permissions;
use domain::access::{Permission, Role};
use domain::id::{ApiKeyId, ClientId, LoginSessionId, TenantId, UserId};
use domain::ports::event_log::Actor;
use domain::refusal::Means;
use domain::user::Authority;
use http::request::Parts;
use http::{HeaderValue, header};
use uuid::Uuid;

use crate::problem::{Code, Problem};
use crate::token::InvalidToken;

/// Who makes a request. Present on every route behind [`crate::guard::needs`], and on no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Who.
    pub principal: Principal,
    /// What they may do.
    pub permissions: Permissions,
}

/// Who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// Somebody signed in.
    User {
        /// Who.
        id: UserId,
        /// What they are in the tenant.
        role: Role,
        /// By which sign-in.
        login_session: LoginSessionId,
        /// Which program acts for them, if one does.
        client: Option<ClientId>,
    },
    /// A program with a key.
    ApiKey {
        /// Which.
        id: ApiKeyId,
    },
    /// A program that OAuth2 knows, on its own behalf.
    Client {
        /// Which.
        id: ClientId,
    },
}

impl Caller {
    /// Refuses who may not do this.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.permissions.contains(permission) {
            return Ok(());
        }
        let word = permission.as_str();
        let message = match self.principal {
            Principal::User { role, .. } if !role.allows(permission) => {
                format!("the role {} does not allow this", role.as_str())
            }
            _ => format!("this needs the scope {word}, which was not given"),
        };
        let problem = Problem::new(Code::AuthzInsufficientPermissions, message);
        let challenge =
            format!(r#"Bearer realm="heliograph", error="insufficient_scope", scope="{word}""#);
        Err(match HeaderValue::try_from(challenge) {
            Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
            Err(_) => problem,
        })
    }

    /// Somebody who is signed in; programs are refused.
    pub fn require_user(&self) -> Result<SignedIn, Problem> {
        let Self { tenant, .. } = *self;
        match self.principal {
            Principal::User { id: user, role, login_session, client: None } => {
                Ok(SignedIn { tenant, user, role, login_session })
            }
            Principal::User { .. } | Principal::ApiKey { .. } | Principal::Client { .. } => {
                let message = "this is for users who are signed in, not for programs";
                Err(Problem::new(Code::AuthzInsufficientPermissions, message))
            }
        }
    }

    /// The user, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self.principal {
            Principal::User { id, .. } => Some(id),
            Principal::ApiKey { .. } | Principal::Client { .. } => None,
        }
    }

    /// With what a program got in, and which it is; none for a user who acts without one.
    pub fn program(&self) -> Option<(Means, Uuid)> {
        match self.principal {
            Principal::User { client, .. } => client.map(|id| (Means::Client, id.0)),
            Principal::ApiKey { id } => Some((Means::ApiKey, id.0)),
            Principal::Client { id } => Some((Means::Client, id.0)),
        }
    }

    /// On whose word they change this user. A program that may manage users does so as its tenant's administrator.
    pub fn authority(&self, over: UserId) -> Authority {
        match self.principal {
            Principal::User { id, role, .. } => Authority::User { role, is_oneself: over == id },
            Principal::ApiKey { .. } | Principal::Client { .. } => {
                Authority::User { role: Role::TenantAdmin, is_oneself: false }
            }
        }
    }

    /// On whose word they make and change others.
    pub fn authority_over_others(&self) -> Authority {
        let role = match self.principal {
            Principal::User { role, .. } => role,
            Principal::ApiKey { .. } | Principal::Client { .. } => Role::TenantAdmin,
        };
        Authority::User { role, is_oneself: false }
    }

    /// As events name them.
    pub fn actor(&self) -> Actor {
        match self.principal {
            Principal::User { id, .. } => Actor::User { id },
            Principal::ApiKey { id } => Actor::ApiKey { id },
            Principal::Client { id } => Actor::Client { id },
        }
    }
}

/// Somebody who is signed in, for routes about themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// Whose user.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// What they are in the tenant.
    pub role: Role,
    /// By which sign-in.
    pub login_session: LoginSessionId,
}

impl SignedIn {
    /// On whose word they change themselves.
    pub fn authority(&self) -> Authority {
        Authority::User { role: self.role, is_oneself: true }
    }

    /// As events name them.
    pub fn actor(&self) -> Actor {
        Actor::User { id: self.user }
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, state).await?.require_user()
    }
}

impl From<InvalidToken> for Problem {
    fn from(error: InvalidToken) -> Self {
        let code = match error {
            InvalidToken::Expired => Code::AuthTokenExpired,
            InvalidToken::Forged => Code::AuthTokenInvalid,
        };
        Self::new(code, error.to_string())
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(no_token)
    }
}

fn no_token() -> Problem {
    let message = "an access token or an API key is needed: Authorization: Bearer <token>";
    Problem::new(Code::AuthTokenMissing, message)
}

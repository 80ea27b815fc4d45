//! What tokens say.

use domain::access::Role;
use domain::access::permissions::Permissions;
use domain::id::{ClientId, LoginSessionId, TenantId, UserId};
use domain::login_session::Epochs;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every token says, around what its kind says.
#[derive(Serialize, Deserialize)]
pub(super) struct Claims<T> {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) typ: String,
    pub(super) jti: Uuid,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    #[serde(flatten)]
    pub(super) content: T,
}

/// What a token's header calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// `at+jwt`: an access token (RFC 9068, section 2.1). Those signed before we said so are `JWT`.
    Access,
    /// `JWT`
    Plain,
}

impl Header {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Plain => "JWT",
        }
    }

    /// Whether a token that is called so may be of this kind.
    pub(super) fn is_met_by(self, word: Option<&str>) -> bool {
        let Some(word) = word else { return true };
        let word = word.strip_prefix("application/").unwrap_or(word);
        word.eq_ignore_ascii_case("JWT") || word.eq_ignore_ascii_case(self.as_str())
    }
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Access {
    /// Whose sign-in it is of.
    User(UserAccess),
    /// Which program it is of, that acts on its own behalf.
    Client {
        /// Whose program.
        tenant_id: TenantId,
        /// Which, and what it may do.
        delegation: Delegation,
    },
}

/// What a user's access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAccess {
    /// Whose user.
    pub tenant_id: TenantId,
    /// Who.
    pub user_id: UserId,
    /// What they are in the tenant.
    pub role: Role,
    /// By which sign-in.
    pub login_session_id: LoginSessionId,
    /// Which program acts for them, if one does.
    pub delegation: Option<Delegation>,
}

/// A program, and what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delegation {
    /// The program.
    pub client_id: ClientId,
    /// What it may do.
    pub scopes: Permissions,
}

/// An access token that is signed by us and whose time is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoundAccess {
    /// What it says.
    pub access: Access,
    /// Since when it is good, in seconds since 1970.
    pub issued_at: i64,
    /// Until when.
    pub expires_at: i64,
}

/// What a refresh token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Refresh {
    /// Whose user.
    pub tenant_id: TenantId,
    /// Who.
    pub user_id: UserId,
    /// By which sign-in.
    pub login_session_id: LoginSessionId,
    /// Which of the sign-in's refresh tokens it is.
    pub generation: u32,
    /// Which program it was given to, if to one.
    pub delegation: Option<Delegation>,
}

/// What the token between a password and a second factor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Whose user.
    #[serde(rename = "tenant")]
    pub tenant_id: TenantId,
    /// Who.
    #[serde(rename = "sub")]
    pub user_id: UserId,
    /// In which epochs the password was shown.
    #[serde(flatten)]
    pub epochs: Epochs,
    /// Whether the oldest login session makes room, where the user has as many as they may.
    pub ends_oldest: bool,
    /// Which challenge: each leads to one login session at most.
    #[serde(rename = "cid")]
    pub id: Uuid,
}

impl Access {
    /// Whether it is given to a program that OAuth2 knows.
    pub const fn is_for_a_program(&self) -> bool {
        match self {
            Self::User(access) => access.delegation.is_some(),
            Self::Client { .. } => true,
        }
    }
}

/// The claims as they are written. What is there decides what the token is; a combination that we do not write is no
/// token of ours, so that nothing is left out and thereby allowed.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    tenant: TenantId,
    sub: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<LoginSessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// We write no such claims.
#[derive(Debug, thiserror::Error)]
#[error("the claims are of no token of ours")]
struct Foreign;

impl Written {
    fn delegation(&self) -> Result<Option<Delegation>, Foreign> {
        match (self.client_id, self.scope.as_deref()) {
            (None, None) => Ok(None),
            (Some(client_id), Some(scope)) => {
                let scopes = scope.parse().map_err(|_| Foreign)?;
                Ok(Some(Delegation { client_id, scopes }))
            }
            _ => Err(Foreign),
        }
    }

    fn with(self, delegation: Option<Delegation>) -> Self {
        let scope = delegation.map(|delegation| delegation.scopes.to_string());
        Self { client_id: delegation.map(|delegation| delegation.client_id), scope, ..self }
    }

    const fn new(tenant: TenantId, sub: Uuid) -> Self {
        let (role, sid, generation, client_id, scope) = (None, None, None, None, None);
        Self { tenant, sub, role, sid, generation, client_id, scope }
    }
}

impl TryFrom<Written> for Access {
    type Error = Foreign;

    fn try_from(written: Written) -> Result<Self, Foreign> {
        let delegation = written.delegation()?;
        let tenant_id = written.tenant;
        match (written.role, written.sid, delegation) {
            (Some(role), Some(login_session_id), delegation) => {
                let user_id = UserId(written.sub);
                Ok(Self::User(UserAccess {
                    tenant_id,
                    user_id,
                    role,
                    login_session_id,
                    delegation,
                }))
            }
            // RFC 9068, section 2.2: the subject of a program on its own is the program.
            (None, None, Some(delegation)) if delegation.client_id.0 == written.sub => {
                Ok(Self::Client { tenant_id, delegation })
            }
            _ => Err(Foreign),
        }
    }
}

impl From<Access> for Written {
    fn from(access: Access) -> Self {
        match access {
            Access::User(access) => Self {
                role: Some(access.role),
                sid: Some(access.login_session_id),
                ..Self::new(access.tenant_id, access.user_id.0).with(access.delegation)
            },
            Access::Client { tenant_id, delegation } => {
                Self::new(tenant_id, delegation.client_id.0).with(Some(delegation))
            }
        }
    }
}

impl TryFrom<Written> for Refresh {
    type Error = Foreign;

    fn try_from(written: Written) -> Result<Self, Foreign> {
        Ok(Self {
            delegation: written.delegation()?,
            tenant_id: written.tenant,
            user_id: UserId(written.sub),
            login_session_id: written.sid.ok_or(Foreign)?,
            generation: written.generation.ok_or(Foreign)?,
        })
    }
}

impl From<Refresh> for Written {
    fn from(refresh: Refresh) -> Self {
        Self {
            sid: Some(refresh.login_session_id),
            generation: Some(refresh.generation),
            ..Self::new(refresh.tenant_id, refresh.user_id.0).with(refresh.delegation)
        }
    }
}

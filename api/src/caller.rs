//! Who makes a request: read from the access token, so it can be neither forged nor forgotten.

use axum::extract::FromRequestParts;
use domain::access::{Permission, Role};
use domain::id::{LoginSessionId, TenantId, UserId};
use domain::ports::event_log::Actor;
use domain::user::Authority;
use http::request::Parts;
use http::{HeaderMap, header};

use crate::problem::{Code, Problem};
use crate::token::InvalidToken;

/// Who makes a request. Present on every route behind [`crate::guard::needs`], and on no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Whose user.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// What they are in the tenant.
    pub role: Role,
    /// By which sign-in.
    pub login_session: LoginSessionId,
}

impl Caller {
    /// Refuses who may not do this.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.role.allows(permission) {
            return Ok(());
        }
        let message = format!("the role {} does not allow this", self.role.as_str());
        Err(Problem::new(Code::AuthzInsufficientPermissions, message))
    }

    /// On whose word they change this user.
    pub fn authority(&self, over: UserId) -> Authority {
        Authority::User { role: self.role, is_oneself: over == self.user }
    }

    /// On whose word they make and change others.
    pub fn authority_over_others(&self) -> Authority {
        Authority::User { role: self.role, is_oneself: false }
    }

    /// As events name them.
    pub fn actor(&self) -> Actor {
        Actor::User { id: self.user }
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

/// The token a request carries (RFC 6750, section 2.1).
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers.get(header::AUTHORIZATION).ok_or_else(no_token)?;
    let value = value.to_str().map_err(|_| Problem::from(InvalidToken::Forged))?;
    let (scheme, token) = value.split_once(' ').ok_or_else(no_token)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(no_token()) }
}

fn no_token() -> Problem {
    let message = "an access token is needed: Authorization: Bearer <token>";
    Problem::new(Code::AuthTokenMissing, message)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn token(value: &'static [u8]) -> Result<String, Code> {
        let value = HeaderValue::from_bytes(value).unwrap();
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        bearer_token(&headers).map(str::to_owned).map_err(|problem| problem.code())
    }

    #[test]
    fn the_token_is_what_follows_the_scheme() {
        assert_eq!(token(b"Bearer a.b.c"), Ok("a.b.c".to_owned()));
        assert_eq!(token(b"bearer  a.b.c "), Ok("a.b.c".to_owned()));
    }

    #[test]
    fn another_scheme_is_no_token_and_noise_no_good_one() {
        for value in [&b""[..], b"Bearer", b"Basic YTpi", b"a.b.c"] {
            assert_eq!(token(value), Err(Code::AuthTokenMissing));
        }
        assert_eq!(token(b"Bearer \xff"), Err(Code::AuthTokenInvalid));
    }
}

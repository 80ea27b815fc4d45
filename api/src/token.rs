//! Access and refresh tokens: JWTs, signed with HS256 and with nothing else.
//!
//! The two kinds have keys of their own and a claim that names the kind, so neither passes for the other even
//! if somebody configures one key twice. Time is compared here and not by the library: it is passed in.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Role;
use domain::id::{LoginSessionId, TenantId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::settings::{SigningKey, TokenSettings};

/// Who signs the tokens, and for whom.
const ISSUER: &str = "heliograph";
/// By how much the clocks of two of our processes may differ.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);

/// Signs tokens and verifies them.
pub struct Tokens {
    access: Kind,
    refresh: Kind,
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Whose user.
    #[serde(rename = "tenant")]
    pub tenant_id: TenantId,
    /// Who.
    #[serde(rename = "sub")]
    pub user_id: UserId,
    /// What they are in the tenant.
    pub role: Role,
    /// By which sign-in.
    #[serde(rename = "sid")]
    pub login_session_id: LoginSessionId,
}

/// What a refresh token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// Whose user.
    #[serde(rename = "tenant")]
    pub tenant_id: TenantId,
    /// Who.
    #[serde(rename = "sub")]
    pub user_id: UserId,
    /// By which sign-in.
    #[serde(rename = "sid")]
    pub login_session_id: LoginSessionId,
    /// Which of the sign-in's refresh tokens it is.
    pub generation: u32,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Sound, but its time is over.
    #[error("the token has expired")]
    Expired,
    /// Not signed by us, or not for this use.
    #[error("the token is not valid")]
    Forged,
}

/// The token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFailed(#[from] jsonwebtoken::errors::Error);

impl Tokens {
    /// With these keys and lifetimes.
    pub fn new(settings: &TokenSettings) -> Self {
        Self {
            access: Kind::new("access", &settings.access),
            refresh: Kind::new("refresh", &settings.refresh),
        }
    }

    /// How long an access token is good.
    pub fn access_lifetime(&self) -> Duration {
        self.access.lifetime
    }

    /// How long a refresh token is good.
    pub fn refresh_lifetime(&self) -> Duration {
        self.refresh.lifetime
    }

    /// Signs an access token.
    pub fn sign_access(
        &self,
        access: &Access,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, SigningFailed> {
        self.access.sign(access, id, now)
    }

    /// Signs a refresh token.
    pub fn sign_refresh(
        &self,
        refresh: &Refresh,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, SigningFailed> {
        self.refresh.sign(refresh, id, now)
    }

    /// What an access token says, if it is one.
    pub fn verify_access(&self, token: &str, now: DateTime<Utc>) -> Result<Access, InvalidToken> {
        self.access.verify(token, now)
    }

    /// What a refresh token says, if it is one.
    pub fn verify_refresh(&self, token: &str, now: DateTime<Utc>) -> Result<Refresh, InvalidToken> {
        self.refresh.verify(token, now)
    }
}

/// One kind of token.
struct Kind {
    name: &'static str,
    lifetime: Duration,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

/// What every token says, around what its kind says.
#[derive(Serialize, Deserialize)]
struct Claims<T> {
    iss: String,
    aud: String,
    typ: String,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(flatten)]
    content: T,
}

impl Kind {
    fn new(name: &'static str, key: &SigningKey) -> Self {
        let secret = key.secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        validation.validate_exp = false;
        Self {
            name,
            lifetime: key.lifetime,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    fn sign<T: Serialize>(
        &self,
        content: &T,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, SigningFailed> {
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            typ: self.name.to_owned(),
            jti: id,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: now.timestamp().saturating_add(lifetime),
            content,
        };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?)
    }

    fn verify<T: DeserializeOwned>(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<T, InvalidToken> {
        let claims = jsonwebtoken::decode::<Claims<T>>(token, &self.decoding, &self.validation)
            .map_err(|_| InvalidToken::Forged)?
            .claims;
        if claims.typ != self.name || claims.nbf > (now + CLOCK_SKEW).timestamp() {
            return Err(InvalidToken::Forged);
        }
        if claims.exp <= now.timestamp() {
            return Err(InvalidToken::Expired);
        }
        Ok(claims.content)
    }
}

#[cfg(test)]
mod tests;

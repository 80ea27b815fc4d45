//! Access and refresh tokens: JWTs. Access tokens are signed with a secret (HS256) or, if the settings have one, with a
//! private key (Ed25519), whose public key anybody may fetch; refresh tokens always with a secret of their own.
//!
//! The two kinds have keys of their own, and a claim and a header that name the kind, so neither passes for the other even
//! if somebody configures one key twice. Time is compared here and not by the library: it is passed in.

mod claims;
mod keys;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::JwkSet;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::settings::TokenSettings;
pub use claims::{Access, Challenge, Delegation, Refresh, SoundAccess, UserAccess};
use claims::{Claims, Header};
use keys::KeyRing;

/// Who signs the tokens of those who sign in here.
const ISSUER: &str = "heliograph";
/// For whom all tokens are: this API.
const AUDIENCE: &str = "heliograph";
/// By how much the clocks of two of our processes may differ.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);
/// No token of ours is nearly as long.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// How long somebody has to show a second factor.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_mins(5);

/// Signs tokens and verifies them.
pub struct Tokens {
    access: Kind,
    refresh: Kind,
    challenge: Kind,
    /// How long an access token is good that is given to a program.
    program_lifetime: Duration,
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
    pub fn new(settings: &TokenSettings) -> Result<Self, SigningFailed> {
        let access = Kind {
            name: "access",
            header: Header::Access,
            lifetime: settings.access.lifetime,
            issuer: settings.issuer.clone(),
            keys: KeyRing::new(&settings.access, &settings.private_keys)?,
        };
        let refresh = Kind {
            name: "refresh",
            header: Header::Plain,
            lifetime: settings.refresh.lifetime,
            issuer: settings.issuer.clone(),
            keys: KeyRing::new(&settings.refresh, &[])?,
        };
        let challenge = Kind {
            name: "challenge",
            header: Header::Plain,
            lifetime: CHALLENGE_LIFETIME,
            issuer: settings.issuer.clone(),
            keys: KeyRing::new(&settings.access, &[])?,
        };
        Ok(Self { access, refresh, challenge, program_lifetime: settings.program_lifetime })
    }

    /// How long this access token is good.
    pub fn access_lifetime(&self, access: &Access) -> Duration {
        if access.is_for_a_program() { self.program_lifetime } else { self.access.lifetime }
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
        let lifetime = self.access_lifetime(access);
        self.access.sign(access, access.is_for_a_program(), lifetime, id, now)
    }

    /// Signs a refresh token.
    pub fn sign_refresh(
        &self,
        refresh: &Refresh,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, SigningFailed> {
        let is_for_a_program = refresh.delegation.is_some();
        self.refresh.sign(refresh, is_for_a_program, self.refresh.lifetime, id, now)
    }

    /// Signs what stands between a password and a second factor.
    pub fn sign_challenge(
        &self,
        challenge: &Challenge,
        now: DateTime<Utc>,
    ) -> Result<String, SigningFailed> {
        self.challenge.sign(challenge, false, self.challenge.lifetime, challenge.id, now)
    }

    /// What a challenge says, if it is one.
    pub fn verify_challenge(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Challenge, InvalidToken> {
        self.challenge.verify(token, now)
    }

    /// What an access token says, if it is one.
    pub fn verify_access(&self, token: &str, now: DateTime<Utc>) -> Result<Access, InvalidToken> {
        self.access.verify(token, now)
    }

    /// The same, and since when and until when it is good.
    pub fn introspect_access(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<SoundAccess, InvalidToken> {
        let Claims { iat, exp, content, .. } = self.access.claims(token, now)?;
        Ok(SoundAccess { access: content, issued_at: iat, expires_at: exp })
    }

    /// What a refresh token says, if it is one.
    pub fn verify_refresh(&self, token: &str, now: DateTime<Utc>) -> Result<Refresh, InvalidToken> {
        self.refresh.verify(token, now)
    }

    /// Who the tokens of programs say they are from.
    pub fn issuer(&self) -> &str {
        &self.access.issuer
    }

    /// The public keys with which anybody can verify access tokens; none where they are signed with a secret.
    pub fn public_keys(&self) -> JwkSet {
        self.access.keys.public_keys()
    }
}

/// One kind of token.
struct Kind {
    name: &'static str,
    header: Header,
    lifetime: Duration,
    issuer: String,
    keys: KeyRing,
}

impl Kind {
    fn sign<T: Serialize>(
        &self,
        content: &T,
        is_for_a_program: bool,
        lifetime: Duration,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, SigningFailed> {
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let issuer = if is_for_a_program { self.issuer.as_str() } else { ISSUER };
        let claims = Claims {
            iss: issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            typ: self.name.to_owned(),
            jti: id,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: now.timestamp().saturating_add(lifetime),
            content,
        };
        self.keys.sign(self.header, &claims)
    }

    fn verify<T: DeserializeOwned>(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<T, InvalidToken> {
        Ok(self.claims(token, now)?.content)
    }

    fn claims<T: DeserializeOwned>(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims<T>, InvalidToken> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(InvalidToken::Forged);
        }
        let issuers = [ISSUER, self.issuer.as_str()];
        let claims: Claims<T> =
            self.keys.verify(self.header, &issuers, token).ok_or(InvalidToken::Forged)?;
        if claims.typ != self.name || claims.nbf > (now + CLOCK_SKEW).timestamp() {
            return Err(InvalidToken::Forged);
        }
        if claims.exp <= now.timestamp() {
            return Err(InvalidToken::Expired);
        }
        Ok(claims)
    }
}

//! How tokens are signed and how long they are good.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::duration;
use super::reader::{Noted, Reader};
use super::table::{self, Setting};

/// RFC 7518, section 3.2: a key for HS256 is as long as its hash.
const KEY_BYTES_MIN: usize = 32;

/// How tokens are signed and how long they are good.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// Of access tokens.
    pub access: SigningKey,
    /// Of refresh tokens.
    pub refresh: SigningKey,
}

/// A key and the lifetime of what it signs.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// The key.
    pub secret: SecretString,
    /// How long a token is good.
    pub lifetime: Duration,
}

impl TokenSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let access = SigningKey::take(reader, &table::JWT_SECRET, &table::JWT_EXPIRES_IN);
        let refresh =
            SigningKey::take(reader, &table::JWT_REFRESH_SECRET, &table::JWT_REFRESH_EXPIRES_IN);
        let (access, refresh) = (access?, refresh?);
        if access.secret.expose_secret() == refresh.secret.expose_secret() {
            return reader
                .refuse(&table::JWT_REFRESH_SECRET, "is the same as JWT_SECRET".to_owned());
        }
        Ok(Self { access, refresh })
    }
}

impl SigningKey {
    fn take(reader: &mut Reader<'_>, secret: &Setting, lifetime: &Setting) -> Result<Self, Noted> {
        let secret = reader.secret(secret, KEY_BYTES_MIN);
        let lifetime = reader.required(lifetime, duration::parse);
        Ok(Self { secret: secret?, lifetime: lifetime? })
    }
}

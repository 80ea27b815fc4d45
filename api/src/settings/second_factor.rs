//! How second factors are kept.

use secrecy::SecretString;

use super::http;
use super::reader::{Noted, Reader};
use super::table;

/// As long as the key that is derived from it.
const KEY_BYTES_MIN: usize = 32;

/// How second factors are kept.
#[derive(Debug, Clone)]
pub struct SecondFactorSettings {
    /// Seals their secrets; none: nobody can enrol.
    pub key: Option<SecretString>,
    /// Codes that may be tried per minute for one account.
    pub codes_per_minute: u32,
}

impl SecondFactorSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let is_set = reader.text(&table::SECRETS_KEY).is_some();
        let key = is_set.then(|| reader.secret(&table::SECRETS_KEY, KEY_BYTES_MIN)).transpose();
        let codes_per_minute = reader.number(&table::MFA_RATE_LIMIT_PER_MINUTE, 1..=http::RATE_MAX);
        Ok(Self { key: key?, codes_per_minute: codes_per_minute? })
    }
}

//! How tokens are signed and how long they are good.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::duration;
use super::private_key::{self, PrivateKey};
use super::reader::{Noted, Reader};
use super::table::{self, Setting};
use super::{secret, waha};

/// RFC 7518, section 3.2: a key for HS256 is as long as its hash.
const KEY_BYTES_MIN: usize = 32;

/// How tokens are signed and how long they are good.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// Of access tokens.
    pub access: SigningKey,
    /// Of refresh tokens.
    pub refresh: SigningKey,
    /// The first signs access tokens in the place of their secret; all verify them.
    pub private_keys: Vec<PrivateKey>,
    /// How long an access token is good that is given to a program.
    pub program_lifetime: Duration,
    /// Who the tokens of programs say they are from: a URL without a slash at its end.
    pub issuer: String,
}

/// A key and the lifetime of what it signs.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// The key.
    pub secret: SecretString,
    /// Keys from before: they sign nothing, and what they signed is good.
    pub previous: Vec<SecretString>,
    /// How long a token is good.
    pub lifetime: Duration,
}

impl TokenSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        use table::{
            JWT_EXPIRES_IN, JWT_PREVIOUS_REFRESH_SECRETS, JWT_PREVIOUS_SECRETS,
            JWT_REFRESH_EXPIRES_IN, JWT_REFRESH_SECRET, JWT_SECRET,
        };
        let access = SigningKey::take(reader, &JWT_SECRET, &JWT_PREVIOUS_SECRETS, &JWT_EXPIRES_IN);
        let refresh = SigningKey::take(
            reader,
            &JWT_REFRESH_SECRET,
            &JWT_PREVIOUS_REFRESH_SECRETS,
            &JWT_REFRESH_EXPIRES_IN,
        );
        let one = |text: &str| private_key::parse(text).filter(|keys| keys.len() == 1);
        let private_key = reader.optional(&table::JWT_PRIVATE_KEY, one);
        let previous = reader.optional(&table::JWT_PREVIOUS_PRIVATE_KEYS, private_key::parse);
        let program_lifetime = reader.required(&table::OAUTH_TOKEN_EXPIRES_IN, duration::parse);
        let issuer = issuer(reader);
        let (access, refresh, previous) = (access?, refresh?, previous?.unwrap_or_default());
        let private_keys = match private_key? {
            Some(keys) => [keys, previous].concat(),
            None if previous.is_empty() => vec![],
            None => {
                let problem = "is set, and JWT_PRIVATE_KEY is not".to_owned();
                return reader.refuse(&table::JWT_PREVIOUS_PRIVATE_KEYS, problem);
            }
        };
        if access.secret.expose_secret() == refresh.secret.expose_secret() {
            return reader
                .refuse(&table::JWT_REFRESH_SECRET, "is the same as JWT_SECRET".to_owned());
        }
        Ok(Self {
            access,
            refresh,
            private_keys,
            program_lifetime: program_lifetime?,
            issuer: issuer?,
        })
    }
}

impl SigningKey {
    fn take(
        reader: &mut Reader<'_>,
        secret: &Setting,
        previous: &Setting,
        lifetime: &Setting,
    ) -> Result<Self, Noted> {
        let secret = reader.secret(secret, KEY_BYTES_MIN);
        let previous = reader.optional(previous, parse_secrets);
        let lifetime = reader.required(lifetime, duration::parse);
        Ok(Self { secret: secret?, previous: previous?.unwrap_or_default(), lifetime: lifetime? })
    }
}

/// RFC 8414, section 2: a URL without query and fragment.
fn issuer(reader: &mut Reader<'_>) -> Result<String, Noted> {
    let is_plain = |url: &Url| url.query().is_none() && url.fragment().is_none();
    let parse = |text: &str| waha::parse_url(text).filter(is_plain);
    let url = match reader.optional(&table::OAUTH_ISSUER, parse)? {
        Some(url) => url,
        None => waha::public_url(reader)?,
    };
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn parse_secrets(text: &str) -> Option<Vec<SecretString>> {
    let is_sound = |secret: &str| secret::weakness(secret, KEY_BYTES_MIN).is_none();
    text.split(',').map(str::trim).map(|text| is_sound(text).then(|| text.into())).collect()
}

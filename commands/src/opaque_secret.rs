//! Secrets that mean nothing: 32 random bytes, shown once to whoever is to have them, and kept as their SHA-256.
//!
//! What nobody can guess needs no slow hash: those that hold back guessing are for passwords.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::postgres::PgRow;
use subtle::ConstantTimeEq;

/// Random bytes in a secret.
pub const BYTES: usize = 32;
/// Characters of a secret, in base64url without padding (RFC 4648, section 5).
pub const CHARACTERS: usize = 43;

/// A secret as it is shown once. Its `Debug` shows nothing.
#[derive(Debug, Clone)]
pub struct OpaqueSecret(SecretString);

/// What is kept of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretHash([u8; BYTES]);

impl OpaqueSecret {
    /// Made of random bytes.
    pub fn of(random: [u8; BYTES]) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(random).into())
    }

    /// Reads one as it was shown; none if it never was.
    pub fn parse(text: &str) -> Option<Self> {
        let is_sound = text.len() == CHARACTERS
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        is_sound.then(|| Self(text.into()))
    }

    /// The text, to be shown.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.expose()).into())
    }
}

impl SecretHash {
    /// As a table holds it; none if it is no hash.
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// For the table.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the secret is the one that was kept. The time it takes tells nothing about the hash.
    pub fn is_of(&self, secret: &OpaqueSecret) -> bool {
        self.0.ct_eq(&secret.hash().0).into()
    }
}

/// A hash, if the column holds one.
pub(crate) fn stored_hash(
    row: &PgRow,
    column: &'static str,
) -> Result<Option<SecretHash>, sqlx::Error> {
    let bytes: Option<Vec<u8>> = row.try_get(column)?;
    Ok(bytes.as_deref().and_then(SecretHash::stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_hash_and_shown_by_nothing_else() {
        let secret = OpaqueSecret::of([7; BYTES]);
        let other = OpaqueSecret::of([8; BYTES]);
        assert!(secret.hash().is_of(&secret) && !secret.hash().is_of(&other));
        assert!(!format!("{secret:?} {:?}", secret.hash()).contains(secret.expose()));
        let read = OpaqueSecret::parse(secret.expose()).unwrap();
        assert!(secret.hash().is_of(&read));
        assert_eq!(SecretHash::stored(secret.hash().as_bytes()), Some(secret.hash()));
    }

    #[test]
    fn what_was_never_shown_is_no_secret() {
        let sound = OpaqueSecret::of([7; BYTES]);
        let text = sound.expose();
        for text in
            ["", &text[1..], &format!("{text}A"), &format!("{}=", &text[1..]), &"é".repeat(22)]
        {
            assert!(OpaqueSecret::parse(text).is_none(), "{text}");
        }
    }
}

//! Keeps what must be read again, and must not be readable in the database: AES-256-GCM, under a key that is derived
//! from a secret of the server (HKDF, RFC 5869).
//!
//! What is sealed says for whom: put into another's row, it does not open.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use secrecy::{ExposeSecret, SecretString};

const KEY_BYTES: usize = 32;

/// Seals and opens.
#[derive(Clone)]
pub struct Sealer {
    key: Arc<RandomizedNonceKey>,
}

/// It was sealed with another secret or for somebody else, or was altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was sealed with another secret, or altered")]
pub struct SealBroken;

impl From<Unspecified> for SealBroken {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl Sealer {
    /// With a server's secret, for one purpose: what is sealed for one does not open for another.
    pub fn new(server: &SecretString, purpose: &str) -> Result<Self, SealBroken> {
        let mut key = [0; KEY_BYTES];
        Salt::new(HKDF_SHA256, &[])
            .extract(server.expose_secret().as_bytes())
            .expand(&[purpose.as_bytes()], &AES_256_GCM)?
            .fill(&mut key)?;
        Ok(Self { key: Arc::new(RandomizedNonceKey::new(&AES_256_GCM, &key)?) })
    }

    /// Sealed for somebody: the nonce, then what only the secret opens.
    pub fn seal(&self, owner: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let mut sealed = plain.to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::from(owner), &mut sealed)?;
        Ok([&nonce.as_ref()[..], &sealed].concat())
    }

    /// What was sealed.
    pub fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealBroken)?;
        let mut plain = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key.open_in_place(nonce, Aad::from(owner), &mut plain)?.len();
        plain.truncate(length);
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(server: &str, purpose: &str) -> Sealer {
        Sealer::new(&server.to_owned().into(), purpose).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_secret_for_the_same_purpose_and_owner_alone() {
        let sealed = sealer("server", "purpose").seal(b"ada", b"the secret").unwrap();
        let open = |server, purpose, owner: &[u8]| sealer(server, purpose).open(owner, &sealed);
        assert_eq!(open("server", "purpose", b"ada").unwrap(), b"the secret");
        assert!(open("other", "purpose", b"ada").is_err());
        assert!(open("server", "other", b"ada").is_err());
        assert!(open("server", "purpose", b"bob").is_err());
    }

    #[test]
    fn what_was_altered_or_cut_does_not_open() {
        let ours = sealer("server", "purpose");
        let sealed = ours.seal(b"", b"the secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(ours.open(b"", &altered).is_err(), "{place}");
            assert!(ours.open(b"", &sealed[..place]).is_err(), "{place}");
        }
    }
}

//! How answers are sealed: AES-256-GCM under a key that takes a secret of the server and the client's key to make.
//!
//! An answer may hold what is shown once, such as a new API key. The database holds the sealed answer and a hash of the
//! client's key, and neither of the two that would open it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::SHA256_OUTPUT_LEN;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use secrecy::{ExposeSecret, SecretString};

/// What the key is good for (RFC 5869, section 3.2).
const PURPOSE: &[u8] = b"heliograph idempotency answer v1";
const KEY_BYTES: usize = 32;

/// Seals and opens the answers to one request.
pub(super) struct Seal {
    key: RandomizedNonceKey,
}

impl Seal {
    /// Of the request with this scope and this key, on a server with this secret.
    pub(super) fn of(
        server: &SecretString,
        scope: &[u8; SHA256_OUTPUT_LEN],
        client: &str,
    ) -> Result<Self, Unspecified> {
        let server = server.expose_secret().as_bytes();
        // Lengths first, so that no two pairs of secrets are written alike.
        let secret = [&server.len().to_be_bytes()[..], server, client.as_bytes()].concat();
        let mut key = [0; KEY_BYTES];
        Salt::new(HKDF_SHA256, scope)
            .extract(&secret)
            .expand(&[PURPOSE], &AES_256_GCM)?
            .fill(&mut key)?;
        Ok(Self { key: RandomizedNonceKey::new(&AES_256_GCM, &key)? })
    }

    /// The nonce, then the answer sealed.
    pub(super) fn seal(&self, answer: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut sealed = answer.to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::empty(), &mut sealed)?;
        Ok([&nonce.as_ref()[..], &sealed].concat())
    }

    /// The answer; an error if it was sealed otherwise, or altered.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unspecified)?;
        let mut answer = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key.open_in_place(nonce, Aad::empty(), &mut answer)?.len();
        answer.truncate(length);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: [u8; SHA256_OUTPUT_LEN] = [7; SHA256_OUTPUT_LEN];

    fn seal(server: &str, client: &str) -> Seal {
        Seal::of(&server.to_owned().into(), &SCOPE, client).unwrap()
    }

    #[test]
    fn an_answer_opens_with_the_same_secrets_and_no_others() {
        let sealed = seal("server", "client").seal(b"the answer").unwrap();
        assert_eq!(seal("server", "client").open(&sealed).unwrap(), b"the answer");
        for (server, client) in [("other", "client"), ("server", "other"), ("serverc", "lient")] {
            assert!(seal(server, client).open(&sealed).is_err(), "{server} {client}");
        }
    }

    #[test]
    fn what_was_altered_or_cut_does_not_open() {
        let seal = seal("server", "client");
        let sealed = seal.seal(b"the answer").unwrap();
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(seal.open(&altered).is_err(), "{place}");
            assert!(seal.open(&sealed[..place]).is_err(), "{place}");
        }
    }

    #[test]
    fn one_answer_is_never_sealed_alike_twice() {
        let seal = seal("server", "client");
        assert_ne!(seal.seal(b"the answer").unwrap(), seal.seal(b"the answer").unwrap());
        assert!(!seal.seal(b"the answer").unwrap().windows(6).any(|part| part == b"answer"));
    }
}

//! Passwords, hashed with Argon2id.
//!
//! Hashing costs tens of milliseconds and megabytes by design, so it runs off the async threads and only a
//! few at a time. Verifying against no hash costs the same as against one: the time does not tell
//! whether an account exists.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::credentials::NO_PASSWORD;

/// Hashes worked on at a time: the machine has other things to do.
const CONCURRENT_MAX: usize = 2;
/// Shortest password, in characters (NIST SP 800-63B-4, section 3.1.1, with a second factor or none).
pub const CHARACTERS_MIN: usize = 8;
/// Longest password, in bytes: long enough for any pass phrase, short enough to hash.
pub const BYTES_MAX: usize = 1024;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    /// The hash of a password nobody has.
    decoy: Arc<str>,
}

/// Why a password cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`CHARACTERS_MIN`] characters.
    #[error("must be at least {CHARACTERS_MIN} characters")]
    TooShort,
    /// More than [`BYTES_MAX`] bytes.
    #[error("must be at most {BYTES_MAX} bytes")]
    TooLong,
    /// The machine could not hash it.
    #[error("the password could not be hashed: {0}")]
    Unhashable(String),
}

impl Passwords {
    /// Ready to work. Fails only if the machine has no randomness.
    pub fn new() -> Result<Self, PasswordError> {
        let decoy = hash("nobody's password")?.into();
        Ok(Self { permits: Arc::new(Semaphore::new(CONCURRENT_MAX)), decoy })
    }

    /// The hash to keep, in PHC string format.
    pub async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        suits(&password)?;
        self.work(move || hash(password.expose_secret()))
            .await
            .unwrap_or_else(|| Err(PasswordError::Unhashable("interrupted".to_owned())))
    }

    /// Whether the password is the one that was hashed; without a hash, or without a password, no, in the same time.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> bool {
        let hash = hash.filter(|hash| hash != NO_PASSWORD);
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let verified = self
            .work(move || {
                let text = password.expose_secret();
                let parsed = PasswordHash::new(&hash);
                text.len() <= BYTES_MAX
                    && parsed.is_ok_and(|hash| {
                        Argon2::default().verify_password(text.as_bytes(), &hash).is_ok()
                    })
            })
            .await;
        is_known && verified == Some(true)
    }

    async fn work<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _permit = self.permits.acquire().await.ok()?;
        tokio::task::spawn_blocking(task).await.ok()
    }
}

/// Whether a password may be chosen.
pub fn suits(password: &SecretString) -> Result<(), PasswordError> {
    let text = password.expose_secret();
    if text.chars().count() < CHARACTERS_MIN {
        Err(PasswordError::TooShort)
    } else if text.len() > BYTES_MAX {
        Err(PasswordError::TooLong)
    } else {
        Ok(())
    }
}

fn hash(password: &str) -> Result<String, PasswordError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| PasswordError::Unhashable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_verified_against_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await);
        assert!(!passwords.verify("battery staple".into(), Some(hash)).await);
        assert!(!passwords.verify("nobody's password".into(), None).await);
        let none = Some(NO_PASSWORD.to_owned());
        assert!(!passwords.verify(NO_PASSWORD.into(), none).await);
    }

    #[tokio::test]
    async fn a_short_password_is_refused() {
        let refused = Passwords::new().unwrap().hash("short".into()).await;
        assert!(matches!(refused, Err(PasswordError::TooShort)));
    }
}

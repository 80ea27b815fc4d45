//! Proof that a webhook is WAHA's: an HMAC of the body, to the byte.
//!
//! ```text
//! X-Webhook-Hmac: <hex>              HMAC-SHA512   WAHA, with X-Webhook-Hmac-Algorithm: sha512
//! X-Waha-Signature: sha256=<hex>     HMAC-SHA256   the older format
//! ```
//!
//! Neither covers a time, so a signature proves who wrote the body and not when it was sent: repeats are
//! told by the webhook's identity. Invariant: what is not understood is not verified. Every signature that
//! is present must hold, under one and the same secret.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Sha256, Sha512};

/// Carries the HMAC-SHA512 of the body.
pub const HMAC_HEADER: &str = "x-webhook-hmac";
/// Names the algorithm of [`HMAC_HEADER`].
pub const ALGORITHM_HEADER: &str = "x-webhook-hmac-algorithm";
/// Sent by a fork of WAHA that signs something else than the body.
pub const VERSION_HEADER: &str = "x-webhook-hmac-version";
/// Carries `sha256=` and the HMAC-SHA256 of the body.
pub const SHA256_HEADER: &str = "x-waha-signature";

/// Why a webhook is not proven to be WAHA's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// No signature.
    #[error("the webhook is not signed: send X-Webhook-Hmac or X-Waha-Signature")]
    Missing,
    /// A header that may come once came more often.
    #[error("the header {0} came more than once")]
    Repeated(&'static str),
    /// Signed with something else than SHA-512.
    #[error("the algorithm of X-Webhook-Hmac is not sha512")]
    UnknownAlgorithm,
    /// Signed in a way this version does not know.
    #[error("X-Webhook-Hmac-Version is present, and no version is known")]
    UnknownVersion,
    /// Not hexadecimal, or without its prefix.
    #[error("the header {0} is not a signature")]
    Malformed(&'static str),
    /// Not made with any of the secrets.
    #[error("the signature was not made of this body with a secret of ours")]
    Mismatch,
}

/// Checks every signature in `headers` against `body`, to the byte as it came.
///
/// Several secrets let one be replaced by the next. An empty secret never matches: anybody has it.
pub fn verify(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SecretString],
) -> Result<(), InvalidSignature> {
    if headers.contains_key(VERSION_HEADER) {
        return Err(InvalidSignature::UnknownVersion);
    }
    if single(headers, ALGORITHM_HEADER)?.is_some_and(|algorithm| algorithm != "sha512") {
        return Err(InvalidSignature::UnknownAlgorithm);
    }
    let sha512 = single(headers, HMAC_HEADER)?.map(|text| digest(text, HMAC_HEADER)).transpose()?;
    let sha256 = single(headers, SHA256_HEADER)?
        .map(|text| digest(text.strip_prefix("sha256=").unwrap_or_default(), SHA256_HEADER))
        .transpose()?;
    if sha512.is_none() && sha256.is_none() {
        return Err(InvalidSignature::Missing);
    }
    let holds = |secret: &SecretString| {
        let key = secret.expose_secret().as_bytes();
        !key.is_empty()
            && sha512.as_deref().is_none_or(|digest| is_mac::<Hmac<Sha512>>(key, body, digest))
            && sha256.as_deref().is_none_or(|digest| is_mac::<Hmac<Sha256>>(key, body, digest))
    };
    if secrets.iter().any(holds) { Ok(()) } else { Err(InvalidSignature::Mismatch) }
}

fn single<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, InvalidSignature> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(InvalidSignature::Repeated(name));
    }
    value.to_str().map(Some).map_err(|_| InvalidSignature::Malformed(name))
}

fn digest(text: &str, name: &'static str) -> Result<Vec<u8>, InvalidSignature> {
    match hex::decode(text) {
        Ok(digest) if !digest.is_empty() => Ok(digest),
        _ => Err(InvalidSignature::Malformed(name)),
    }
}

/// Compares in constant time, so that the time taken does not tell how much of a forgery was right.
fn is_mac<M: Mac + KeyInit>(key: &[u8], body: &[u8], digest: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(digest).is_ok())
}

#[cfg(test)]
mod tests;

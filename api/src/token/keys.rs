//! The keys of one kind of token: one signs, all verify.
//!
//! Invariant: a token is verified only by the key its `kid` names, with that key's one algorithm, whatever its header
//! says. A token without a `kid` is of the time before there were any, when all were signed with a secret.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, decode_header};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::claims::{Claims, Header};
use super::{AUDIENCE, SigningFailed};
use crate::settings::{PrivateKey, SigningKey};

/// Bytes of a secret's hash that name it.
const NAME_BYTES: usize = 8;

pub(super) struct KeyRing {
    signing: EncodingKey,
    /// The first is of the key that signs.
    verifying: Vec<Key>,
}

/// A key, as far as verifying needs it.
struct Key {
    id: String,
    algorithm: Algorithm,
    decoding: DecodingKey,
    public: Option<Jwk>,
}

impl KeyRing {
    /// Signs with the first private key if there is one, else with the secret; verifies with all.
    pub(super) fn new(
        secrets: &SigningKey,
        private_keys: &[PrivateKey],
    ) -> Result<Self, SigningFailed> {
        let secret = secrets.secret.expose_secret();
        let signing = match private_keys.first() {
            Some(key) => private(key)?,
            None => EncodingKey::from_secret(secret.as_bytes()),
        };
        let private_keys = private_keys.iter().map(Key::of_private);
        let previous = secrets.previous.iter().map(ExposeSecret::expose_secret);
        let secrets =
            std::iter::once(secret).chain(previous).map(|secret| Ok(Key::of_secret(secret)));
        Ok(Self { signing, verifying: private_keys.chain(secrets).collect::<Result<_, _>>()? })
    }

    /// Signs the claims.
    pub(super) fn sign<T: Serialize>(
        &self,
        header: Header,
        claims: &Claims<T>,
    ) -> Result<String, SigningFailed> {
        let first = &self.verifying[0];
        let mut signed = jsonwebtoken::Header::new(first.algorithm);
        signed.typ = Some(header.as_str().to_owned());
        signed.kid = Some(first.id.clone());
        Ok(jsonwebtoken::encode(&signed, claims, &self.signing)?)
    }

    /// What the token claims, if one of these keys has signed it for us.
    pub(super) fn verify<T: DeserializeOwned>(
        &self,
        header: Header,
        issuers: &[&str],
        token: &str,
    ) -> Option<Claims<T>> {
        let shown = decode_header(token).ok()?;
        if !header.is_met_by(shown.typ.as_deref()) {
            return None;
        }
        let may_have_signed = |key: &&Key| {
            let is_named = match &shown.kid {
                Some(id) => *id == key.id,
                None => key.algorithm == Algorithm::HS256,
            };
            is_named && key.algorithm == shown.alg
        };
        self.verifying.iter().filter(may_have_signed).find_map(|key| {
            let validation = validation(key.algorithm, issuers);
            let decoded = jsonwebtoken::decode::<Claims<T>>(token, &key.decoding, &validation);
            Some(decoded.ok()?.claims)
        })
    }

    /// What anybody may have.
    pub(super) fn public_keys(&self) -> JwkSet {
        JwkSet { keys: self.verifying.iter().filter_map(|key| key.public.clone()).collect() }
    }
}

impl Key {
    fn of_secret(secret: &str) -> Self {
        // Not the hash of the secret alone, which something else may show.
        let hash = Sha256::digest(format!("kid\n{secret}"));
        Self {
            id: hex::encode(&hash[..NAME_BYTES]),
            algorithm: Algorithm::HS256,
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            public: None,
        }
    }

    /// Named by its thumbprint (RFC 7638).
    fn of_private(key: &PrivateKey) -> Result<Self, SigningFailed> {
        let mut public = Jwk::from_encoding_key(&private(key)?, Algorithm::EdDSA)?;
        let id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let decoding = DecodingKey::from_jwk(&public)?;
        Ok(Self { id, algorithm: Algorithm::EdDSA, decoding, public: Some(public) })
    }
}

fn private(key: &PrivateKey) -> Result<EncodingKey, SigningFailed> {
    let der = BASE64_STANDARD.decode(key.base64().expose_secret());
    let der = der.map_err(jsonwebtoken::errors::Error::from)?;
    Ok(EncodingKey::from_ed_der(&der))
}

fn validation(algorithm: Algorithm, issuers: &[&str]) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(issuers);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    // Time is compared by whoever asks.
    validation.validate_exp = false;
    validation
}

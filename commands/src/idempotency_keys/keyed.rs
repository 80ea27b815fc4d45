//! A request with a key, and the hashes that stand for it: neither tells the key, nor what is asked.

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use domain::id::{TenantId, UserId};
use secrecy::{ExposeSecret, SecretString};

pub(super) type Hash = [u8; SHA256_OUTPUT_LEN];

/// A request with a key.
#[derive(Debug, Clone, Copy)]
pub struct Keyed<'a> {
    /// Whose it is.
    pub tenant: TenantId,
    /// Whose in the tenant, if it is about the one who asks: then a colleague's same key is another.
    pub user: Option<UserId>,
    /// Method and path.
    pub route: &'a str,
    /// The key.
    pub key: &'a str,
    /// What else tells it from another: query and body.
    pub content: [&'a [u8]; 2],
}

impl Keyed<'_> {
    /// Under which a request is kept.
    pub(super) fn scope(&self) -> Hash {
        let user = self.user.as_ref().map_or(&[][..], |user| user.0.as_bytes());
        hash(&[self.tenant.0.as_bytes(), user, self.route.as_bytes(), self.key.as_bytes()])
    }

    /// What tells it from another under the same key, on a server with this secret.
    pub(super) fn fingerprint(&self, server: &SecretString) -> Fingerprint {
        let [query, body] = self.content;
        let asked = hash(&[self.key.as_bytes(), self.route.as_bytes(), query, body]);
        let secret = hmac::Key::new(HMAC_SHA256, server.expose_secret().as_bytes());
        let (by, of) = (hmac::sign(&secret, WHICH_SECRET), hmac::sign(&secret, &asked));
        Fingerprint([&by.as_ref()[..SECRET_BYTES], of.as_ref()].concat())
    }
}

/// Signed with a secret, it tells the secret from another.
const WHICH_SECRET: &[u8] = b"heliograph idempotency secret v1";
const SECRET_BYTES: usize = 4;

/// What is asked, in a form that only the server can make: a password may be in it, and must not be guessed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint(pub(super) Vec<u8>);

impl Fingerprint {
    /// Whether both were made with the same secret, so that they can be compared.
    pub(super) fn is_comparable(&self, other: &Self) -> bool {
        self.0.get(..SECRET_BYTES) == other.0.get(..SECRET_BYTES)
    }
}

/// SHA-256 of the parts, each with its length before it.
fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; SHA256_OUTPUT_LEN];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

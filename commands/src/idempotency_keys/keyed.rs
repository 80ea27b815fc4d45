//! A request with a key, and the hashes that stand for it: neither tells the key.

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use domain::id::{TenantId, UserId};

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

    /// What tells it from another under the same key. The key goes in, so that nobody who has the database can tell
    /// whether a request is one that they guess.
    pub(super) fn fingerprint(&self) -> Hash {
        let [query, body] = self.content;
        hash(&[self.key.as_bytes(), self.route.as_bytes(), query, body])
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

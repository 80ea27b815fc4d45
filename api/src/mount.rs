//! Where the routes are mounted, so that an answer leads to where the request came in.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, NestedPath};
use http::request::Parts;

/// The prefix the request came in under; empty at the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount(String);

impl Mount {
    /// A path of ours, as the client reaches it.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for Mount {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let nested = parts.extensions.get::<NestedPath>();
        Ok(Self(nested.map(|path| path.as_str().to_owned()).unwrap_or_default()))
    }
}

//! Where a request comes from and what it is called: kept with every decision about access.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use domain::origin::Origin;
use domain::ports::event_log::{Actor, Metadata};
use http::header;
use http::request::Parts;

use crate::peer::Peer;
use crate::request_id::RequestId;

/// Where a request comes from and what it is called.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// The address, where the server knows it.
    pub address: Option<IpAddr>,
    /// The address and what the client says it is, as events keep them.
    pub origin: Origin,
    request_id: RequestId,
}

impl Provenance {
    /// On whose behalf, for which request, and from where something is done.
    pub fn metadata(&self, actor: Actor) -> Metadata {
        self.request_id.metadata(actor).from(self.origin.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for Provenance {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Peer(address) = Peer::from_request_parts(parts, state).await?;
        let request_id = RequestId::from_request_parts(parts, state).await?;
        let user_agent =
            parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { address, origin: Origin::new(address, user_agent), request_id })
    }
}

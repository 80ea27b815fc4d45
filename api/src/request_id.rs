//! The name of a request: on the answer, in the log, in the metadata of what it led to; and what the things it makes are
//! named after.

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use domain::command_id::CommandId;
use domain::ports::event_log::{Actor, Metadata};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries it, in and out.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest name taken from a client.
const LENGTH_MAX: usize = 128;

/// The name of a request: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId {
    name: String,
    /// What everything it makes is named after, if it is carried out once however often it is made.
    pub(crate) command_id: Option<CommandId>,
}

impl RequestId {
    /// The client's, if it sent a sane one, else a new one.
    pub fn of(headers: &HeaderMap, new_id: impl FnOnce() -> Uuid) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        let sane = given.filter(|text| {
            (1..=LENGTH_MAX).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        });
        Self::named(sane.map_or_else(|| new_id().to_string(), str::to_owned))
    }

    /// Of a request that was not named.
    pub(crate) fn unnamed() -> Self {
        Self::named("unnamed".to_owned())
    }

    const fn named(name: String) -> Self {
        Self { name, command_id: None }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// As a header.
    pub fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.name).ok()
    }

    /// On whose behalf, and for which request, something is done.
    pub fn metadata(&self, actor: Actor) -> Metadata {
        Metadata {
            request_id: Some(self.name.clone()),
            command_id: self.command_id,
            ..Metadata::new(actor, self.correlation_id())
        }
    }

    /// The name itself where it is a UUID, else one derived from it.
    fn correlation_id(&self) -> Uuid {
        Uuid::parse_str(&self.name)
            .unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, self.name.as_bytes()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    /// The router names every request; outside it a request is called `unnamed`.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let named = parts.extensions.get::<Self>().cloned();
        Ok(named.unwrap_or_else(Self::unnamed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &str) -> RequestId {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(given.as_bytes()) {
            headers.insert(HEADER, value);
        }
        RequestId::of(&headers, || Uuid::from_u128(7))
    }

    #[test]
    fn a_sane_name_is_kept() {
        assert_eq!(of("order-17/retry:2").as_str(), "order-17/retry:2");
    }

    #[test]
    fn any_other_is_replaced() {
        let new = of("");
        assert!(Uuid::parse_str(new.as_str()).is_ok());
        for given in ["two words", "tab\there", "é", &"x".repeat(129)] {
            assert_eq!(of(given), new, "{given}");
        }
    }

    #[test]
    fn a_name_that_is_a_uuid_is_the_correlation_id() {
        let id = "0190f3c4-7a3b-7c1d-9e2f-000000000001";
        assert_eq!(of(id).metadata(Actor::Operator).correlation_id.to_string(), id);
        assert_eq!(
            of("a").metadata(Actor::Operator).correlation_id,
            of("a").metadata(Actor::Waha).correlation_id
        );
    }
}

//! Ids in paths.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::problem::{Code, Problem};

/// The one id in the path. What is no id names nothing, so it is answered as any id nobody has.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

/// An id that stands in a path.
pub trait PathId: FromStr {
    /// What it is called in paths.
    const NAME: &'static str = "id";

    /// The answer where nothing has the id.
    fn not_found() -> Problem;
}

impl PathId for domain::id::SessionId {
    fn not_found() -> Problem {
        Problem::new(Code::SessionNotFound, "there is no such session")
    }
}

impl PathId for domain::id::MessageId {
    fn not_found() -> Problem {
        Problem::new(Code::MessageNotFound, "there is no such message")
    }
}

impl PathId for domain::id::UserId {
    fn not_found() -> Problem {
        Problem::new(Code::UserNotFound, "there is no such user")
    }
}

impl PathId for domain::id::TenantId {
    fn not_found() -> Problem {
        Problem::new(Code::TenantNotFound, "there is no such tenant")
    }
}

impl PathId for domain::subdomain::SubdomainName {
    const NAME: &'static str = "name";

    fn not_found() -> Problem {
        Problem::new(Code::TenantSubdomainNotFound, "there is no such subdomain")
    }
}

impl PathId for domain::id::LoginSessionId {
    fn not_found() -> Problem {
        Problem::new(Code::AuthSessionNotFound, "there is no such login session")
    }
}

impl PathId for std::net::IpAddr {
    const NAME: &'static str = "address";

    fn not_found() -> Problem {
        Problem::new(Code::AddressNotBlocked, "the address is not blocked")
    }
}

impl PathId for domain::id::ClientId {
    fn not_found() -> Problem {
        Problem::new(Code::ClientNotFound, "there is no such OAuth2 client")
    }
}

impl PathId for domain::id::ApiKeyId {
    fn not_found() -> Problem {
        Problem::new(Code::ApiKeyNotFound, "there is no such API key")
    }
}

impl PathId for domain::waha_server::name::ServerName {
    const NAME: &'static str = "name";

    fn not_found() -> Problem {
        Problem::new(Code::WahaServerNotFound, "there is no such WAHA server")
    }
}

impl<T: PathId, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, state).await;
        let id = parameters.ok().and_then(|parameters| parameters.iter().next()?.1.parse().ok());
        id.map(Self).ok_or_else(T::not_found)
    }
}

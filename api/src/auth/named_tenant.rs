//! The tenant somebody says they are of, before they have signed in.
//!
//! By the header `X-Tenant-ID`, or by the subdomain the request came to, where `TENANT_DOMAIN` is set. Needed only where an
//! address has accounts in several tenants; where a tenant is named, no other is looked in.

use axum::extract::FromRequestParts;
use domain::id::TenantId;
use domain::subdomain::SubdomainName;
use http::request::Parts;
use http::{HeaderMap, header};
use serde_json::json;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::app::App;
use crate::extract::{PathId, described};
use crate::problem::{Code, Detail, Problem};

const HEADER: &str = "x-tenant-id";

/// The tenant that was named, if one was.
#[derive(Debug, Clone, Copy)]
pub struct NamedTenant(pub Option<TenantId>);

impl FromRequestParts<App> for NamedTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let by_header = by_header(&parts.headers)?;
        let by_subdomain = by_subdomain(app, parts).await?;
        if let (Some(one), Some(other)) = (by_header, by_subdomain)
            && one != other
        {
            let message = "names another tenant than the subdomain does; leave one of them out";
            return Err(Detail::new(Code::ValidInvalidFormat, message).on("X-Tenant-ID").into());
        }
        Ok(Self(by_header.or(by_subdomain)))
    }
}

fn by_header(headers: &HeaderMap) -> Result<Option<TenantId>, Problem> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let malformed = || Detail::new(Code::ValidInvalidFormat, "must be a UUID").by("UUID");
    id.map(Some).ok_or_else(|| malformed().on("X-Tenant-ID").into())
}

async fn by_subdomain(app: &App, parts: &Parts) -> Result<Option<TenantId>, Problem> {
    let Some(domain) = &app.tenant_domain else { return Ok(None) };
    let Some(label) = host(parts).and_then(|host| label(host, domain)) else { return Ok(None) };
    let owner = match label.parse::<SubdomainName>() {
        Ok(name) => app.subdomains.owner(&name).await?,
        Err(_) => None,
    };
    owner.map(Some).ok_or_else(TenantId::not_found)
}

/// The host the request came to, with its port if it has one.
fn host(parts: &Parts) -> Option<&str> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| parts.headers.get(header::HOST)?.to_str().ok())
}

/// What stands before the domain; none where the host is the domain itself, or of another.
fn label<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let (label, rest) = name.split_at_checked(name.len().checked_sub(domain.len())?)?;
    rest.eq_ignore_ascii_case(domain).then(|| label.strip_suffix('.')).flatten()
}

impl IntoParams for NamedTenant {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = json!({
            "type": "string",
            "format": "uuid",
            "description": "The tenant, where the address has accounts in several. A subdomain of TENANT_DOMAIN names it as well.",
        });
        vec![described::parameter("X-Tenant-ID", ParameterIn::Header, false, schema)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_domain_is_the_label() {
        let label = |host| label(host, "helio.example");
        assert_eq!(label("acme.helio.example"), Some("acme"));
        assert_eq!(label("Acme.Helio.Example:8443"), Some("Acme"));
        assert_eq!(label("a.b.helio.example"), Some("a.b"));
        for host in ["helio.example", "acmehelio.example", "acme.example", "[::1]:3000", "", "x"] {
            assert_eq!(label(host), None, "{host}");
        }
    }
}

//! How HTTP is served.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use domain::subdomain::SubdomainName;
use http::HeaderValue;
use ipnet::IpNet;
use reqwest::Url;

use super::duration;
use super::reader::{Noted, Reader};
use super::table;

/// Most requests per minute that may be set: beyond it, a limit limits nothing.
pub(super) const RATE_MAX: u32 = 1_000_000;

/// How HTTP is served.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whose pages may call.
    pub cors: CorsOrigins,
    /// How many requests are taken.
    pub rate_limits: RateLimits,
    /// How long a request's key is kept.
    pub idempotency_key_ttl: Duration,
    /// From where webhooks are taken; none: from anywhere.
    pub webhook_allowed: Option<Vec<IpNet>>,
    /// Where our own proxies are, which tell from whom they have a request.
    pub trusted_proxies: Vec<IpNet>,
    /// The domain whose subdomains name tenants.
    pub tenant_domain: Option<String>,
}

/// Requests that are taken in a minute, by each process.
#[derive(Debug, Clone)]
pub struct RateLimits {
    /// From one address.
    pub address: NonZeroU32,
    /// Of one tenant.
    pub tenant: NonZeroU32,
    /// Of one user.
    pub user: NonZeroU32,
    /// Of one tenant, to see something.
    pub reads: NonZeroU32,
    /// Of one tenant, to do something about messages.
    pub sends: NonZeroU32,
    /// Of one tenant, to change something else.
    pub changes: NonZeroU32,
}

/// Whose web pages may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// None but its own.
    Own,
    /// Any.
    Any,
    /// These.
    Listed(Vec<HeaderValue>),
}

impl HttpSettings {
    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let host = reader.required(&table::HOST, |text| text.parse::<IpAddr>().ok());
        let port = reader.number(&table::PORT, 0..=u16::MAX);
        let cors = reader.optional(&table::CORS_ORIGIN, parse_origins);
        let rate_limits = RateLimits::take(reader);
        let idempotency_key_ttl = reader.required(&table::IDEMPOTENCY_KEY_TTL, duration::parse);
        let webhook_allowed = reader.optional(&table::WEBHOOK_ALLOWED_IPS, parse_networks);
        let trusted_proxies = reader.optional(&table::TRUSTED_PROXIES, parse_networks);
        let tenant_domain = reader.optional(&table::TENANT_DOMAIN, parse_domain);
        Ok(Self {
            listen: SocketAddr::new(host?, port?),
            cors: cors?.unwrap_or(CorsOrigins::Own),
            rate_limits: rate_limits?,
            idempotency_key_ttl: idempotency_key_ttl?,
            webhook_allowed: webhook_allowed?,
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
            tenant_domain: tenant_domain?,
        })
    }
}

impl RateLimits {
    fn take(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let mut rate = |setting| {
            let rate = reader.number(setting, 1..=RATE_MAX);
            rate.and_then(|rate| NonZeroU32::new(rate).ok_or(Noted))
        };
        let (address, tenant) =
            (rate(&table::ADDRESS_RATE_LIMIT_PER_MINUTE), rate(&table::RATE_LIMIT_PER_MINUTE));
        let user = rate(&table::USER_RATE_LIMIT_PER_MINUTE);
        let (reads, sends, changes) = (
            rate(&table::READ_RATE_LIMIT_PER_MINUTE),
            rate(&table::SEND_RATE_LIMIT_PER_MINUTE),
            rate(&table::CHANGE_RATE_LIMIT_PER_MINUTE),
        );
        Ok(Self {
            address: address?,
            tenant: tenant?,
            user: user?,
            reads: reads?,
            sends: sends?,
            changes: changes?,
        })
    }
}

fn parse_origins(text: &str) -> Option<CorsOrigins> {
    if text == "*" {
        return Some(CorsOrigins::Any);
    }
    text.split(',')
        .map(|origin| parse_origin(origin.trim()))
        .collect::<Option<_>>()
        .map(CorsOrigins::Listed)
}

/// An origin is a scheme and a host, with no path: browsers send it so.
fn parse_origin(text: &str) -> Option<HeaderValue> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let is_origin = url.origin().ascii_serialization() == text;
    is_origin.then(|| HeaderValue::from_str(text).ok())?
}

fn parse_networks(text: &str) -> Option<Vec<IpNet>> {
    let network = |text: &str| {
        text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
    };
    text.split(',').map(|part| network(part.trim())).collect()
}

fn parse_domain(text: &str) -> Option<String> {
    let is_domain = text.split('.').all(|label| label.parse::<SubdomainName>().is_ok());
    is_domain.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_read_without_scheme_or_port() {
        assert_eq!(parse_domain("Helio.Example"), Some("helio.example".to_owned()));
        for text in ["", ".helio.example", "https://helio.example", "helio.example:443"] {
            assert_eq!(parse_domain(text), None, "{text}");
        }
    }

    #[test]
    fn origins_are_taken_as_browsers_send_them() {
        assert_eq!(parse_origins("*"), Some(CorsOrigins::Any));
        let listed = parse_origins("https://a.example, http://localhost:5173");
        assert!(matches!(listed, Some(CorsOrigins::Listed(origins)) if origins.len() == 2));
        for text in ["https://a.example/", "a.example", "ftp://a.example", "https://a.example,"] {
            assert_eq!(parse_origins(text), None, "{text}");
        }
    }

    #[test]
    fn networks_and_single_addresses_are_read() {
        let networks = parse_networks("10.0.0.0/8, 192.0.2.7,::1").unwrap();
        assert!(networks[1].contains(&"192.0.2.7".parse::<IpAddr>().unwrap()));
        assert_eq!(parse_networks("10.0.0.0/33"), None);
    }
}

//! Whose requests are counted, and by what they ask for: in each process for itself.
//!
//! ```text
//! every request          the address it comes from
//! those with a token     ... the user or program, the tenant, and the tenant's requests of the same class
//! ```
//!
//! What must not be guessed (passwords, codes, links) is counted over all processes beside this: see
//! [`commands::access::counts`]. Webhooks have a limit of their own.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use domain::access::Permission;
use domain::id::{ApiKeyId, TenantId};
use http::Method;
use uuid::Uuid;

use super::own::OwnRateLimit;
use super::{Allowance, RateLimit};
use crate::caller::{Caller, Principal};
use crate::settings::RateLimits;

/// Webhooks taken from one address: WAHA sends a handful per message, so this is far beyond any real load.
const WEBHOOKS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60_000).unwrap();
/// Statistics anybody may ask for cost a query each.
const PUBLIC_STATS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// More refusals than anybody would read, and few enough for the log.
const TOLD_REFUSALS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// To see something.
    Read,
    /// To do something about messages.
    Send,
    /// To change anything else: sessions, users, keys, servers.
    Change,
}

impl Class {
    /// Of a route with this method and permission.
    pub fn of(method: &Method, permission: Option<Permission>) -> Self {
        match permission {
            _ if method.is_safe() => Self::Read,
            Some(Permission::SendMessages) => Self::Send,
            _ => Self::Change,
        }
    }
}

/// How many requests are taken, by whom they are made.
pub struct Limits {
    /// Of all that come from one address.
    address: RateLimit<IpAddr>,
    /// Of a tenant's users and programs.
    tenant: RateLimit<TenantId>,
    /// Of one user, or one program that OAuth2 knows.
    user: RateLimit<Uuid>,
    /// Of one API key, where it was given a rate of its own.
    api_key: OwnRateLimit<ApiKeyId>,
    reads: RateLimit<TenantId>,
    sends: RateLimit<TenantId>,
    changes: RateLimit<TenantId>,
    /// Refusals of programs that are told, from one address.
    pub told_refusals: RateLimit<Option<IpAddr>>,
    /// Webhooks, from one address.
    pub webhook: RateLimit<Option<IpAddr>>,
    /// Statistics anybody may see, from one address.
    pub public_stats: RateLimit<Option<IpAddr>>,
}

impl Limits {
    /// As the settings have them.
    pub fn new(rates: &RateLimits) -> Self {
        Self {
            address: RateLimit::per_minute(rates.address),
            tenant: RateLimit::per_minute(rates.tenant),
            user: RateLimit::per_minute(rates.user),
            api_key: OwnRateLimit::default(),
            reads: RateLimit::per_minute(rates.reads),
            sends: RateLimit::per_minute(rates.sends),
            changes: RateLimit::per_minute(rates.changes),
            told_refusals: RateLimit::per_minute(TOLD_REFUSALS_PER_MINUTE),
            webhook: RateLimit::per_minute(WEBHOOKS_PER_MINUTE),
            public_stats: RateLimit::per_minute(PUBLIC_STATS_PER_MINUTE),
        }
    }

    /// Counts a request from an address, whoever makes it; none where the address is not known.
    pub fn of_address(&self, address: Option<IpAddr>) -> Result<Option<Allowance>, Allowance> {
        address.map(|address| self.address.check(&network(address))).transpose()
    }

    /// Counts a request for its tenant alone.
    pub fn of_tenant(&self, tenant: TenantId) -> Result<Allowance, Allowance> {
        self.tenant.check(&tenant)
    }

    /// Counts a request of somebody who is let in: what is left of the tightest of their limits. `own_rate` is what a
    /// key was given.
    pub fn of_caller(
        &self,
        caller: &Caller,
        own_rate: Option<NonZeroU32>,
        class: Class,
    ) -> Result<Allowance, Allowance> {
        let own = match (caller.principal, own_rate) {
            (Principal::ApiKey { id }, Some(rate)) => Some(self.api_key.check(rate, &id)?),
            (Principal::ApiKey { .. }, None) => None,
            (Principal::User { id, .. }, _) => Some(self.user.check(&id.0)?),
            (Principal::Client { id }, _) => Some(self.user.check(&id.0)?),
        };
        let of_class = match class {
            Class::Read => &self.reads,
            Class::Send => &self.sends,
            Class::Change => &self.changes,
        };
        let of_class = of_class.check(&caller.tenant)?;
        let of_tenant = self.tenant.check(&caller.tenant)?;
        Ok(own.into_iter().fold(of_class.tighter(of_tenant), Allowance::tighter))
    }
}

/// Who has one address of version 6 has all of its last 64 bits (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_network_are_one_address() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn what_is_asked_for_is_told_by_method_and_permission() {
        let send = Some(Permission::SendMessages);
        assert_eq!(Class::of(&Method::GET, send), Class::Read);
        assert_eq!(Class::of(&Method::POST, send), Class::Send);
        assert_eq!(Class::of(&Method::POST, Some(Permission::ManageUsers)), Class::Change);
        assert_eq!(Class::of(&Method::DELETE, None), Class::Change);
    }
}

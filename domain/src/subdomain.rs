//! A subdomain: `acme` of `acme.heliograph.example.com`. It is one tenant's or nobody's, and names the tenant where people
//! sign in. A tenant may have several, so that it can move from one to another.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::id::TenantId;
use crate::stream::Category;

/// The state of a subdomain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subdomain {
    /// Nobody's.
    #[default]
    Free,
    /// A tenant's.
    Taken(TenantId),
}

/// What may be asked of a subdomain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Give it to a tenant.
    Take {
        /// Which it is.
        name: SubdomainName,
        /// To whom.
        tenant_id: TenantId,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Take it away again.
    GiveUp {
        /// Which it is.
        name: SubdomainName,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Something that happened to a subdomain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is a tenant's.
    Taken(Ownership),
    /// It is nobody's any more.
    GivenUp(Ownership),
}

/// Whose a subdomain is, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ownership {
    /// Which it is.
    pub name: SubdomainName,
    /// Whose.
    pub tenant_id: TenantId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a subdomain refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is another tenant's.
    #[error("the subdomain is another tenant's")]
    Taken,
    /// It is nobody's.
    #[error("there is no such subdomain")]
    Unknown,
}

impl Subdomain {
    /// Whose it is, if it is anybody's.
    pub fn owner(&self) -> Option<TenantId> {
        match self {
            Self::Free => None,
            Self::Taken(tenant) => Some(*tenant),
        }
    }
}

impl Aggregate for Subdomain {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::Subdomain;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Free, Command::Take { name, tenant_id, now }) => {
                Ok(vec![Event::Taken(Ownership { name, tenant_id, at: now })])
            }
            (Self::Taken(owner), Command::Take { tenant_id, .. }) if *owner == tenant_id => {
                Ok(vec![])
            }
            (Self::Taken(_), Command::Take { .. }) => Err(Rejection::Taken),
            (Self::Taken(owner), Command::GiveUp { name, now }) => {
                Ok(vec![Event::GivenUp(Ownership { name, tenant_id: *owner, at: now })])
            }
            (Self::Free, Command::GiveUp { .. }) => Err(Rejection::Unknown),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match event {
            Event::Taken(ownership) => Self::Taken(ownership.tenant_id),
            Event::GivenUp(_) => Self::Free,
        }
    }
}

/// A subdomain's name, in small letters: 1 to 63 letters, digits and hyphens, no hyphen at either end (RFC 1123, section
/// 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct SubdomainName(
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$")
    )]
    String,
);

/// The text is not the name of a subdomain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 63 letters, digits and hyphens, with no hyphen at either end")]
pub struct InvalidSubdomainName;

impl SubdomainName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SubdomainName {
    type Err = InvalidSubdomainName;

    fn from_str(text: &str) -> Result<Self, InvalidSubdomainName> {
        let is_sound = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_sound { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidSubdomainName) }
    }
}

impl TryFrom<String> for SubdomainName {
    type Error = InvalidSubdomainName;

    fn try_from(text: String) -> Result<Self, InvalidSubdomainName> {
        text.parse()
    }
}

impl From<SubdomainName> for String {
    fn from(name: SubdomainName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const ACME: TenantId = TenantId(Uuid::from_u128(1));
    const OTHER: TenantId = TenantId(Uuid::from_u128(2));

    fn take(tenant_id: TenantId) -> Command {
        Command::Take { name: "acme".parse().unwrap(), tenant_id, now: NOW }
    }

    #[test]
    fn a_subdomain_is_one_tenants_until_it_is_given_up() {
        let given_up = Command::GiveUp { name: "acme".parse().unwrap(), now: NOW };
        assert_eq!(Subdomain::Free.decide(given_up.clone()), Err(Rejection::Unknown));
        let taken = Subdomain::Free.decide(take(ACME)).unwrap();
        let subdomain = taken.iter().fold(Subdomain::Free, Subdomain::evolve);
        assert_eq!(subdomain.owner(), Some(ACME));
        assert_eq!(subdomain.decide(take(ACME)), Ok(vec![]));
        assert_eq!(subdomain.decide(take(OTHER)), Err(Rejection::Taken));
        let free = subdomain.decide(given_up).unwrap();
        let subdomain = free.iter().fold(subdomain, Subdomain::evolve);
        assert_eq!(subdomain.owner(), None);
        assert!(!subdomain.decide(take(OTHER)).unwrap().is_empty());
    }

    #[test]
    fn names_are_those_of_hosts_whatever_their_case() {
        assert_eq!("Acme-2".parse::<SubdomainName>().unwrap().as_str(), "acme-2");
        assert!("a".repeat(63).parse::<SubdomainName>().is_ok());
        for text in ["", "-a", "a-", "a.b", "a_b", "ä", &"a".repeat(64)] {
            assert_eq!(text.parse::<SubdomainName>(), Err(InvalidSubdomainName), "{text}");
        }
    }
}

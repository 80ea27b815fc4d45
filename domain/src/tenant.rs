//! A tenant: a customer of the installation.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::message::doubt::OnUnknown;
use crate::phone::Country;
use crate::stream::Category;

/// The state of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tenant {
    /// No events.
    #[default]
    Absent,
    /// In use.
    Active {
        /// Reads national phone numbers.
        default_country: Option<Country>,
        /// What becomes of a message whose outcome cannot be told; none: what the installation does.
        on_unknown: Option<OnUnknown>,
    },
}

/// What may be asked of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make it.
    Create {
        /// Its name.
        name: TenantName,
        /// Reads national phone numbers.
        default_country: Option<Country>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Say what becomes of its messages in doubt.
    SetPolicy {
        /// What; none: what the installation does.
        on_unknown: Option<OnUnknown>,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// Something that happened to a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Made.
    Created(Created),
    /// It has said what becomes of its messages in doubt.
    PolicySet(PolicySet),
}

/// Made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// Its name.
    pub name: TenantName,
    /// Reads national phone numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_country: Option<Country>,
    /// When.
    pub at: DateTime<Utc>,
}

/// It has said what becomes of its messages in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicySet {
    /// What; absent: what the installation does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unknown: Option<OnUnknown>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a tenant refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken.
    #[error("a tenant with this id exists already")]
    AlreadyExists,
    /// There is no such tenant.
    #[error("there is no such tenant")]
    Unknown,
}

impl Aggregate for Tenant {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::Tenant;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create { name, default_country, now }) => {
                Ok(vec![Event::Created(Created { name, default_country, at: now })])
            }
            (Self::Active { .. }, Command::Create { .. }) => Err(Rejection::AlreadyExists),
            (Self::Absent, Command::SetPolicy { .. }) => Err(Rejection::Unknown),
            (Self::Active { on_unknown: known, .. }, Command::SetPolicy { on_unknown, now }) => {
                let is_news = *known != on_unknown;
                let set = Event::PolicySet(PolicySet { on_unknown, at: now });
                Ok(if is_news { vec![set] } else { vec![] })
            }
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => {
                Self::Active { default_country: created.default_country, on_unknown: None }
            }
            (Self::Active { default_country, .. }, Event::PolicySet(set)) => {
                Self::Active { default_country, on_unknown: set.on_unknown }
            }
            (Self::Absent, Event::PolicySet(_)) => Self::Absent,
        }
    }
}

/// A tenant's name: 1 to 100 characters, none of them control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct TenantName(String);

/// The text is not a tenant name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 100 characters without control characters")]
pub struct InvalidTenantName;

impl TenantName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantName {
    type Error = InvalidTenantName;

    fn try_from(text: String) -> Result<Self, InvalidTenantName> {
        let text = text.trim();
        let is_sound =
            (1..=100).contains(&text.chars().count()) && !text.contains(char::is_control);
        if is_sound { Ok(Self(text.to_owned())) } else { Err(InvalidTenantName) }
    }
}

impl From<TenantName> for String {
    fn from(name: TenantName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_set_once_and_only_of_a_tenant_that_is_there() {
        let set = |on_unknown| Command::SetPolicy { on_unknown, now: DateTime::UNIX_EPOCH };
        assert_eq!(Tenant::Absent.decide(set(None)), Err(Rejection::Unknown));
        let mut tenant = Tenant::Active { default_country: None, on_unknown: None };
        assert_eq!(tenant.decide(set(None)), Ok(vec![]));
        for policy in [Some(OnUnknown::Resend), Some(OnUnknown::Hold), None] {
            let decided = tenant.decide(set(policy)).unwrap();
            tenant = decided.iter().fold(tenant, Tenant::evolve);
            assert_eq!(tenant, Tenant::Active { default_country: None, on_unknown: policy });
            assert_eq!(tenant.decide(set(policy)), Ok(vec![]));
        }
    }
}

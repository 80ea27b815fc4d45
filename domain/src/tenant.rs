//! A tenant: a customer of the installation.
//!
//! One that is suspended is let in nowhere. Like a user, it has an epoch: see [`crate::user`].

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
    /// Made.
    Present(Present),
}

/// A tenant that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Present {
    /// Reads national phone numbers.
    pub default_country: Option<Country>,
    /// What becomes of a message whose outcome cannot be told; none: what the installation does.
    pub on_unknown: Option<OnUnknown>,
    /// Whether its users and keys are refused.
    pub is_suspended: bool,
    /// How many times all its users' login sessions were ended.
    pub epoch: u32,
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
    /// Refuse its users and keys.
    Suspend {
        /// Whether it is the tenant of who asks.
        is_own: bool,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Let them in again.
    Reactivate {
        /// Now.
        now: DateTime<Utc>,
    },
    /// End all its users' login sessions.
    SignOutEverywhere {
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
    /// Its users and keys are refused; its users' login sessions are over.
    Suspended(Moment),
    /// They are let in again.
    Reactivated(Moment),
    /// All its users' login sessions are over.
    SignedOutEverywhere(Moment),
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

/// When something happened that needs no other words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
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
    /// Nobody suspends their own tenant: they could not undo it.
    #[error("nobody suspends their own tenant; ask somebody of another")]
    Own,
}

impl Aggregate for Tenant {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::Tenant;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        let tenant = match (self, command) {
            (Self::Absent, Command::Create { name, default_country, now }) => {
                return Ok(vec![Event::Created(Created { name, default_country, at: now })]);
            }
            (Self::Absent, _) => return Err(Rejection::Unknown),
            (Self::Present(tenant), command) => tenant.decide(&command)?,
        };
        Ok(tenant.into_iter().collect())
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(Created { default_country, .. })) => {
                Self::Present(Present { default_country: *default_country, ..Present::default() })
            }
            (Self::Present(tenant), event) => Self::Present(tenant.evolve(event)),
            (Self::Absent, _) => Self::Absent,
        }
    }
}

impl Present {
    /// None: it is so already.
    fn decide(self, command: &Command) -> Result<Option<Event>, Rejection> {
        Ok(match *command {
            Command::Create { .. } => return Err(Rejection::AlreadyExists),
            Command::SetPolicy { on_unknown, now } => {
                let set = Event::PolicySet(PolicySet { on_unknown, at: now });
                (self.on_unknown != on_unknown).then_some(set)
            }
            Command::Suspend { is_own: true, .. } => return Err(Rejection::Own),
            Command::Suspend { is_own: false, now } => {
                (!self.is_suspended).then_some(Event::Suspended(Moment { at: now }))
            }
            Command::Reactivate { now } => {
                self.is_suspended.then_some(Event::Reactivated(Moment { at: now }))
            }
            Command::SignOutEverywhere { now } => {
                Some(Event::SignedOutEverywhere(Moment { at: now }))
            }
        })
    }

    fn evolve(self, event: &Event) -> Self {
        let next = self.epoch.saturating_add(1);
        match event {
            Event::Created(_) => self,
            Event::PolicySet(set) => Self { on_unknown: set.on_unknown, ..self },
            Event::Suspended(_) => Self { is_suspended: true, epoch: next, ..self },
            Event::Reactivated(_) => Self { is_suspended: false, ..self },
            Event::SignedOutEverywhere(_) => Self { epoch: next, ..self },
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
        let mut tenant = Tenant::Present(Present::default());
        assert_eq!(tenant.decide(set(None)), Ok(vec![]));
        for policy in [Some(OnUnknown::Resend), Some(OnUnknown::Hold), None] {
            let decided = tenant.decide(set(policy)).unwrap();
            tenant = decided.iter().fold(tenant, Tenant::evolve);
            assert_eq!(
                tenant,
                Tenant::Present(Present { on_unknown: policy, ..Present::default() })
            );
            assert_eq!(tenant.decide(set(policy)), Ok(vec![]));
        }
    }

    #[test]
    fn a_suspended_tenants_sessions_stay_over_when_it_is_back() {
        let now = DateTime::UNIX_EPOCH;
        let mut tenant = Tenant::Present(Present::default());
        for (command, is_suspended, epoch) in [
            (Command::Suspend { is_own: false, now }, true, 1),
            (Command::Suspend { is_own: false, now }, true, 1),
            (Command::Reactivate { now }, false, 1),
            (Command::Reactivate { now }, false, 1),
            (Command::SignOutEverywhere { now }, false, 2),
        ] {
            tenant = tenant.decide(command).unwrap().iter().fold(tenant, Tenant::evolve);
            let expected = Present { is_suspended, epoch, ..Present::default() };
            assert_eq!(tenant, Tenant::Present(expected));
        }
    }
}

//! Sets of permissions: what a role carries, what a key or a client was given.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Permission, Role};

/// A set of permissions. Written as a list of words in events, as one line of words where OAuth2 has a `scope`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<Permission>", into = "Vec<Permission>")]
pub struct Permissions(u16);

/// A word that is no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope of this name; the scopes are {}", all())]
pub struct UnknownScope;

impl Permissions {
    /// What a role carries.
    pub fn of(role: Role) -> Self {
        Permission::ALL.into_iter().filter(|permission| role.allows(*permission)).collect()
    }

    /// Whether this is among them.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The first of `asked` that is not among them.
    pub fn lacks(self, asked: Self) -> Option<Permission> {
        asked.iter().find(|permission| !self.contains(*permission))
    }

    /// Each, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }
}

const fn bit(permission: Permission) -> u16 {
    1 << permission as u16
}

fn all() -> Permissions {
    Permission::ALL.into_iter().collect()
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | bit(permission)))
    }
}

impl From<Vec<Permission>> for Permissions {
    fn from(permissions: Vec<Permission>) -> Self {
        permissions.into_iter().collect()
    }
}

impl From<Permissions> for Vec<Permission> {
    fn from(permissions: Permissions) -> Self {
        permissions.iter().collect()
    }
}

impl fmt::Display for Permissions {
    /// As OAuth2 writes scopes: words with a space between them (RFC 6749, section 3.3).
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, permission) in self.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(formatter, "{space}{}", permission.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Permissions({self})")
    }
}

impl FromStr for Permissions {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let words = text.split(' ').filter(|word| !word.is_empty());
        words.map(|word| Permission::parse(word).ok_or(UnknownScope)).collect()
    }
}

impl TryFrom<String> for Permissions {
    type Error = UnknownScope;

    fn try_from(text: String) -> Result<Self, UnknownScope> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_role_carries_the_set_of_what_it_allows() {
        for role in Role::ALL {
            for permission in Permission::ALL {
                assert_eq!(Permissions::of(role).contains(permission), role.allows(permission));
            }
        }
    }

    #[test]
    fn what_is_asked_and_not_carried_is_named() {
        let viewer = Permissions::of(Role::Viewer);
        assert_eq!(viewer.lacks(viewer), None);
        assert_eq!(viewer.lacks(all()), Some(Permission::SendMessages));
    }

    #[test]
    fn a_word_that_is_no_permission_is_refused() {
        for text in ["messages", "messages:send  sudo", "MESSAGES:SEND", "messages:send,"] {
            assert_eq!(text.parse::<Permissions>(), Err(UnknownScope), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_set_reads_back_as_it_was_written(bits in 0..1_u16 << Permission::ALL.len()) {
            let set = Permissions(bits);
            prop_assert_eq!(set.to_string().parse(), Ok(set));
            let stored = serde_json::to_value(set).unwrap();
            prop_assert_eq!(serde_json::from_value::<Permissions>(stored).unwrap(), set);
        }
    }
}

//! Who may do what: every permission there is, and which of them each role carries.
//!
//! A permission's word is also the scope an API key or an OAuth2 client is given.

pub mod permissions;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a user is in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the installation.
    PlatformAdmin,
    /// Runs one tenant.
    TenantAdmin,
    /// Sends messages and works the dead letters.
    Operator,
    /// Looks.
    Viewer,
    /// Looks, and reads the history.
    Auditor,
}

/// What a route asks of its caller.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Permission {
    /// Send, redrive, discard, settle.
    #[serde(rename = "messages:send")]
    SendMessages,
    /// See messages, statistics and dead letters.
    #[serde(rename = "messages:read")]
    ReadMessages,
    /// See the events behind a message.
    #[serde(rename = "history:read")]
    ReadHistory,
    /// Create, start, stop, delete sessions; see their QR codes.
    #[serde(rename = "sessions:manage")]
    ManageSessions,
    /// See sessions and their status.
    #[serde(rename = "sessions:read")]
    ReadSessions,
    /// Make users of one's own tenant, change their roles, deactivate them, end their login sessions.
    #[serde(rename = "users:manage")]
    ManageUsers,
    /// Make and revoke API keys and OAuth2 clients of one's own tenant.
    #[serde(rename = "keys:manage")]
    ManageKeys,
    /// See who signed in, who was refused, and who changed what anybody may do.
    #[serde(rename = "security:read")]
    ReadSecurity,
    /// Look after the installation's WAHA servers, and move sessions between them.
    #[serde(rename = "servers:manage")]
    ManageServers,
    /// Make tenants, suspend and reactivate them, and make users in any.
    #[serde(rename = "tenants:manage")]
    ManageTenants,
    /// Block addresses, and unblock them.
    #[serde(rename = "addresses:manage")]
    ManageAddresses,
}

impl Role {
    /// Every role, as the command line lists them.
    pub const ALL: [Self; 5] =
        [Self::PlatformAdmin, Self::TenantAdmin, Self::Operator, Self::Viewer, Self::Auditor];

    /// The word in tokens and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformAdmin => "platform_admin",
            Self::TenantAdmin => "tenant_admin",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether one of this role may make others of that role, and change them.
    pub const fn may_give(self, role: Self) -> bool {
        match self {
            Self::PlatformAdmin => true,
            Self::TenantAdmin => !matches!(role, Self::PlatformAdmin),
            Self::Operator | Self::Viewer | Self::Auditor => false,
        }
    }

    /// Whether the role carries the permission.
    pub const fn allows(self, permission: Permission) -> bool {
        use Permission as P;
        match (self, permission) {
            (Self::PlatformAdmin, _) => true,
            (Self::TenantAdmin, permission) => !permission.is_of_the_installation(),
            (Self::Operator, permission) => matches!(
                permission,
                P::SendMessages | P::ReadMessages | P::ReadHistory | P::ReadSessions
            ),
            (Self::Viewer, permission) => matches!(permission, P::ReadMessages | P::ReadSessions),
            (Self::Auditor, permission) => matches!(
                permission,
                P::ReadMessages | P::ReadSessions | P::ReadHistory | P::ReadSecurity
            ),
        }
    }
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 11] = [
        Self::SendMessages,
        Self::ReadMessages,
        Self::ReadHistory,
        Self::ManageSessions,
        Self::ReadSessions,
        Self::ManageUsers,
        Self::ManageKeys,
        Self::ReadSecurity,
        Self::ManageServers,
        Self::ManageTenants,
        Self::ManageAddresses,
    ];

    /// The word, as scopes and the API's description have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendMessages => "messages:send",
            Self::ReadMessages => "messages:read",
            Self::ReadHistory => "history:read",
            Self::ManageSessions => "sessions:manage",
            Self::ReadSessions => "sessions:read",
            Self::ManageUsers => "users:manage",
            Self::ManageKeys => "keys:manage",
            Self::ReadSecurity => "security:read",
            Self::ManageServers => "servers:manage",
            Self::ManageTenants => "tenants:manage",
            Self::ManageAddresses => "addresses:manage",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == word)
    }

    /// Whether it reaches beyond one tenant.
    pub const fn is_of_the_installation(self) -> bool {
        matches!(self, Self::ManageServers | Self::ManageTenants | Self::ManageAddresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, written out: a line per permission, with the roles that carry it.
    const TABLE: [(Permission, &[Role]); 11] = {
        use Role::{Auditor, Operator, PlatformAdmin, TenantAdmin, Viewer};
        [
            (Permission::SendMessages, &[PlatformAdmin, TenantAdmin, Operator]),
            (Permission::ReadMessages, &[PlatformAdmin, TenantAdmin, Operator, Viewer, Auditor]),
            (Permission::ReadHistory, &[PlatformAdmin, TenantAdmin, Operator, Auditor]),
            (Permission::ManageSessions, &[PlatformAdmin, TenantAdmin]),
            (Permission::ReadSessions, &[PlatformAdmin, TenantAdmin, Operator, Viewer, Auditor]),
            (Permission::ManageUsers, &[PlatformAdmin, TenantAdmin]),
            (Permission::ManageKeys, &[PlatformAdmin, TenantAdmin]),
            (Permission::ReadSecurity, &[PlatformAdmin, TenantAdmin, Auditor]),
            (Permission::ManageServers, &[PlatformAdmin]),
            (Permission::ManageTenants, &[PlatformAdmin]),
            (Permission::ManageAddresses, &[PlatformAdmin]),
        ]
    };

    #[test]
    fn each_role_carries_what_the_table_says_and_nothing_more() {
        assert_eq!(TABLE.map(|(permission, _)| permission), Permission::ALL);
        for (permission, roles) in TABLE {
            let may = Role::ALL.into_iter().filter(|role| role.allows(permission));
            assert_eq!(may.collect::<Vec<_>>(), roles, "{permission:?}");
        }
    }

    #[test]
    fn a_permission_is_stored_as_it_is_called() {
        for permission in Permission::ALL {
            let stored = serde_json::to_value(permission).unwrap();
            assert_eq!(stored, permission.as_str());
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
        }
    }
}

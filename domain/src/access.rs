//! Who may do what.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Send, redrive, discard, settle.
    SendMessages,
    /// See messages, statistics and dead letters.
    ReadMessages,
    /// See the events behind a message.
    ReadHistory,
    /// Create, start, stop, delete sessions; see their QR codes.
    ManageSessions,
    /// See sessions and their status.
    ReadSessions,
    /// Look after the installation's WAHA servers, and move sessions between them.
    ManageServers,
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

    /// Whether the role carries the permission.
    pub const fn allows(self, permission: Permission) -> bool {
        use Permission as P;
        match (self, permission) {
            (Self::PlatformAdmin, _) => true,
            (Self::TenantAdmin, permission) => !matches!(permission, P::ManageServers),
            (Self::Operator, permission) => {
                !matches!(permission, P::ManageSessions | P::ManageServers)
            }
            (Self::Viewer, permission) => matches!(permission, P::ReadMessages | P::ReadSessions),
            (Self::Auditor, permission) => {
                matches!(permission, P::ReadMessages | P::ReadSessions | P::ReadHistory)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_send_may_send() {
        let may: Vec<_> =
            Role::ALL.into_iter().filter(|role| role.allows(Permission::SendMessages)).collect();
        assert_eq!(may, [Role::PlatformAdmin, Role::TenantAdmin, Role::Operator]);
    }

    #[test]
    fn only_who_runs_the_installation_looks_after_its_servers() {
        let may = Role::ALL.into_iter().filter(|role| role.allows(Permission::ManageServers));
        assert_eq!(may.collect::<Vec<_>>(), [Role::PlatformAdmin]);
    }

    #[test]
    fn a_viewer_sees_messages_and_not_their_history() {
        assert!(Role::Viewer.allows(Permission::ReadMessages));
        assert!(!Role::Viewer.allows(Permission::ReadHistory));
        assert!(Role::Auditor.allows(Permission::ReadHistory));
    }
}

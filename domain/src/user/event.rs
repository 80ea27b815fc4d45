//! What happens to users.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::email::EmailAddress;

/// Something that happened to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Made.
    Created(Created),
    /// They read mail at their address.
    EmailVerified(Moment),
    /// They are something else in the tenant now.
    RoleChanged(RoleChanged),
    /// They may not sign in any more; their login sessions are over.
    Deactivated(Moment),
    /// They may sign in again.
    Reactivated(Moment),
    /// They may not sign in for a while: somebody has guessed too often.
    Locked(Locked),
    /// They may sign in again, before the lock was over.
    Unlocked(Moment),
    /// They have another password; their login sessions are over.
    PasswordChanged(PasswordChanged),
    /// All their login sessions are over.
    SignedOutEverywhere(SignedOutEverywhere),
    /// They sign in with a second factor from now on.
    SecondFactorEnabled(Moment),
    /// They sign in with the password alone again.
    SecondFactorDisabled(SecondFactorDisabled),
    /// A backup code was used up.
    BackupCodeUsed(BackupCodeUsed),
    /// They have new backup codes; the old ones are void.
    BackupCodesReplaced(Moment),
}

/// Made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// Signs in with it.
    pub email: EmailAddress,
    /// What they are in the tenant.
    pub role: Role,
    /// When.
    pub at: DateTime<Utc>,
}

/// When something happened that needs no other words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
}

/// They are something else in the tenant now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleChanged {
    /// What.
    pub role: Role,
    /// When.
    pub at: DateTime<Utc>,
}

/// They may not sign in for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Locked {
    /// Why.
    pub reason: LockReason,
    /// Until when; absent: until somebody unlocks them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a user may not sign in for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockReason {
    /// Too many sign-ins failed.
    TooManyFailures,
    /// Somebody who may wants it so.
    ByOrder,
}

/// They have another password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PasswordChanged {
    /// How that came about.
    pub by: PasswordChange,
    /// When.
    pub at: DateTime<Utc>,
}

/// How a password came to be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PasswordChange {
    /// Its owner knew the old one.
    Owner,
    /// Its owner had forgotten it and read mail at their address.
    Recovery,
    /// Somebody who may has set or voided it.
    Administrator,
}

/// All their login sessions are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedOutEverywhere {
    /// When.
    pub at: DateTime<Utc>,
}

/// They sign in with the password alone again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecondFactorDisabled {
    /// Whether somebody else did it, who may: a lost phone.
    pub is_by_administrator: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// A backup code was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackupCodeUsed {
    /// How many are left.
    pub left: u32,
    /// When.
    pub at: DateTime<Utc>,
}

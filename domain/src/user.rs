//! A user: somebody who signs in. Password, second factor and their codes are kept beside the log, never in it.
//!
//! ```text
//! sign-ins counted      epoch 0     epoch 1                     epoch 2
//!                       --------+--------------------------+--------------------
//!                               password changed,          deactivated
//!                               signed out everywhere
//! ```
//!
//! A login session remembers the user's epoch at its beginning. It is good while the epoch is still the same, so one
//! event ends all of a user's sessions at once, without asking which there are or comparing clocks.

pub mod event;

use chrono::{DateTime, Utc};

use crate::access::Role;
use crate::aggregate::Aggregate;
use crate::email::EmailAddress;
use crate::stream::Category;
use event::{
    BackupCodeUsed, Created, Event, LockReason, Locked, Moment, PasswordChange, PasswordChanged,
    RoleChanged, SecondFactorDisabled, SignedOutEverywhere,
};

/// The state of a user's stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum User {
    /// No events.
    #[default]
    Absent,
    /// Made.
    Present(Present),
}

/// A user who was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Signs in with it.
    pub email: EmailAddress,
    /// What they are in the tenant.
    pub role: Role,
    /// Whether they may sign in at all.
    pub is_active: bool,
    /// Whether they have read mail at their address.
    pub is_verified: bool,
    /// Whether they sign in with a second factor.
    pub has_second_factor: bool,
    /// Why they may not sign in for a while, if so.
    pub lock: Option<Lock>,
    /// How many times all their login sessions were ended.
    pub epoch: u32,
}

/// A lock on sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Until when; none: until somebody unlocks them.
    pub until: Option<DateTime<Utc>>,
}

/// On whose word a user is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Somebody at the command line: may do anything.
    Operator,
    /// Somebody signed in.
    User {
        /// What they are.
        role: Role,
        /// Whether they are the very user.
        is_oneself: bool,
    },
}

/// What may be asked of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make one.
    Create {
        /// Signs in with it.
        email: EmailAddress,
        /// What they are in the tenant.
        role: Role,
        /// On whose word.
        by: Authority,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Something about one who is there.
    Change {
        /// What.
        change: Change,
        /// On whose word.
        by: Authority,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// What may be changed about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// They have read mail at their address.
    VerifyEmail,
    /// They are to be something else.
    Role(Role),
    /// They are not to sign in any more.
    Deactivate,
    /// They are to sign in again.
    Reactivate,
    /// They are not to sign in for a while.
    Lock {
        /// Why.
        reason: LockReason,
        /// Until when; none: until somebody unlocks them.
        until: Option<DateTime<Utc>>,
    },
    /// They are to sign in again, before the lock is over.
    Unlock,
    /// Their password is another.
    Password(PasswordChange),
    /// All their login sessions are to end.
    SignOutEverywhere,
    /// They are to sign in with a second factor.
    EnableSecondFactor,
    /// They are to sign in with the password alone.
    DisableSecondFactor,
    /// A backup code was used up.
    UseBackupCode {
        /// How many are left.
        left: u32,
    },
    /// They have new backup codes.
    ReplaceBackupCodes,
}

/// Why a user refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The id is taken.
    #[error("a user with this id exists already")]
    AlreadyExists,
    /// There is no such user.
    #[error("there is no such user")]
    Unknown,
    /// Who asks may not give this role, or not change one who has this role.
    #[error("the role {} is not yours to give or to change", .0.as_str())]
    RoleBeyondReach(Role),
    /// Nobody takes away their own access: the last who could give it back might be gone.
    #[error("nobody changes their own role or deactivates themselves; ask another administrator")]
    OneselfOnly,
}

/// Why a user may not sign in though the password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// Somebody has guessed too often, or locked them.
    #[error("the account is locked")]
    Locked,
    /// Deactivated.
    #[error("the account is deactivated; ask an administrator")]
    Deactivated,
}

impl Present {
    /// Whether the user may sign in now.
    pub fn may_sign_in(&self, now: DateTime<Utc>) -> Result<(), Barred> {
        if self.lock.is_some_and(|lock| lock.until.is_none_or(|until| now < until)) {
            Err(Barred::Locked)
        } else if self.is_active {
            Ok(())
        } else {
            Err(Barred::Deactivated)
        }
    }

    fn change(
        &self,
        change: Change,
        by: Authority,
        at: DateTime<Utc>,
    ) -> Result<Option<Event>, Rejection> {
        by.may_change(self.role, change)?;
        let moment = Moment { at };
        Ok(match change {
            Change::VerifyEmail => (!self.is_verified).then_some(Event::EmailVerified(moment)),
            Change::Role(role) => {
                let changed = Event::RoleChanged(RoleChanged { role, at });
                (role != self.role).then_some(changed)
            }
            Change::Deactivate => self.is_active.then_some(Event::Deactivated(moment)),
            Change::Reactivate => (!self.is_active).then_some(Event::Reactivated(moment)),
            Change::Lock { reason, until } => {
                let is_news = self.lock != Some(Lock { until });
                is_news.then_some(Event::Locked(Locked { reason, until, at }))
            }
            Change::Unlock => self.lock.map(|_| Event::Unlocked(moment)),
            Change::Password(by) => Some(Event::PasswordChanged(PasswordChanged { by, at })),
            Change::SignOutEverywhere => {
                Some(Event::SignedOutEverywhere(SignedOutEverywhere { at }))
            }
            Change::EnableSecondFactor => {
                (!self.has_second_factor).then_some(Event::SecondFactorEnabled(moment))
            }
            Change::DisableSecondFactor => {
                let is_by_administrator = !by.is_oneself();
                let disabled = SecondFactorDisabled { is_by_administrator, at };
                self.has_second_factor.then_some(Event::SecondFactorDisabled(disabled))
            }
            Change::UseBackupCode { left } => {
                Some(Event::BackupCodeUsed(BackupCodeUsed { left, at }))
            }
            Change::ReplaceBackupCodes => Some(Event::BackupCodesReplaced(moment)),
        })
    }
}

impl Authority {
    fn is_oneself(self) -> bool {
        matches!(self, Self::User { is_oneself: true, .. })
    }

    /// Whether a role may be given.
    fn may_give(self, role: Role) -> Result<(), Rejection> {
        match self {
            Self::Operator => Ok(()),
            Self::User { role: own, .. } if own.may_give(role) => Ok(()),
            Self::User { .. } => Err(Rejection::RoleBeyondReach(role)),
        }
    }

    /// Whether one of this role may be changed so. Oneself one may change in all that takes no access away.
    fn may_change(self, role: Role, change: Change) -> Result<(), Rejection> {
        if self.is_oneself() {
            return match change {
                Change::Role(_) | Change::Deactivate | Change::Reactivate => {
                    Err(Rejection::OneselfOnly)
                }
                _ => Ok(()),
            };
        }
        self.may_give(role)?;
        match change {
            Change::Role(role) => self.may_give(role),
            _ => Ok(()),
        }
    }
}

impl Aggregate for User {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    const CATEGORY: Category = Category::User;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create { email, role, by, now }) => {
                by.may_give(role)?;
                Ok(vec![Event::Created(Created { email, role, at: now })])
            }
            (Self::Present(_), Command::Create { .. }) => Err(Rejection::AlreadyExists),
            (Self::Absent, Command::Change { .. }) => Err(Rejection::Unknown),
            (Self::Present(user), Command::Change { change, by, now }) => {
                Ok(user.change(change, by, now)?.into_iter().collect())
            }
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => Self::Present(Present {
                email: created.email.clone(),
                role: created.role,
                is_active: true,
                is_verified: false,
                has_second_factor: false,
                lock: None,
                epoch: 0,
            }),
            (Self::Present(user), event) => Self::Present(user.evolve(event)),
            (Self::Absent, _) => Self::Absent,
        }
    }
}

impl Present {
    fn evolve(self, event: &Event) -> Self {
        let next = self.epoch.saturating_add(1);
        match event {
            Event::Created(_) | Event::BackupCodeUsed(_) | Event::BackupCodesReplaced(_) => self,
            Event::EmailVerified(_) => Self { is_verified: true, ..self },
            Event::RoleChanged(changed) => Self { role: changed.role, ..self },
            Event::Deactivated(_) => Self { is_active: false, epoch: next, ..self },
            Event::Reactivated(_) => Self { is_active: true, ..self },
            Event::Locked(locked) => Self { lock: Some(Lock { until: locked.until }), ..self },
            Event::Unlocked(_) => Self { lock: None, ..self },
            Event::PasswordChanged(_) | Event::SignedOutEverywhere(_) => {
                Self { epoch: next, ..self }
            }
            Event::SecondFactorEnabled(_) => Self { has_second_factor: true, ..self },
            Event::SecondFactorDisabled(_) => Self { has_second_factor: false, ..self },
        }
    }
}

#[cfg(test)]
mod tests;

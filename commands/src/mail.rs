//! Mail to users.
//!
//! ```text
//! a request, or the log (sagas/mails) -> outbox: what to say, to whom    (mails)
//!   -> a worker (sagas/mails/worker) -> a token, if there is a link      (mailed_tokens)
//!   -> letter: what it says -> post: SMTP
//! the link's token -> redeem                                             (recovery)
//! ```
//!
//! Invariant: what is in the outbox is sent at least once or outlives its purpose; no request waits for SMTP. A token
//! exists in the mail alone.

pub mod letter;
pub mod outbox;
pub mod post;
pub mod recovery;
pub mod tokens;

use std::time::Duration;

/// What a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Somebody has forgotten the password of whatever accounts an address has; becomes a [`Self::PasswordReset`] for each.
    ResetAsked,
    /// Somebody wants to show that an address is theirs; becomes an [`Self::EmailVerification`] for each account.
    VerificationAsked,
    /// A link to a new password.
    PasswordReset,
    /// A link that shows that the address is read.
    EmailVerification,
    /// A link to the first password.
    Invitation,
    /// The user has changed the password.
    PasswordChanged,
    /// The password was set by a link.
    PasswordRecovered,
    /// An administrator has set the password.
    PasswordSet,
    /// An administrator has taken the second factor away.
    SecondFactorReset,
}

/// What a link's token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A new password.
    PasswordReset,
    /// Showing that the address is read.
    EmailVerification,
    /// The first password.
    Invitation,
}

/// How long links are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// To a new password.
    pub password_reset: Duration,
    /// That shows that an address is read.
    pub email_verification: Duration,
    /// To the first password.
    pub invitation: Duration,
}

/// How long it makes sense to tell that something was changed.
const NOTICE_LIFETIME: Duration = Duration::from_hours(24);

impl Kind {
    const ALL: [Self; 9] = [
        Self::ResetAsked,
        Self::VerificationAsked,
        Self::PasswordReset,
        Self::EmailVerification,
        Self::Invitation,
        Self::PasswordChanged,
        Self::PasswordRecovered,
        Self::PasswordSet,
        Self::SecondFactorReset,
    ];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetAsked => "reset_asked",
            Self::VerificationAsked => "verification_asked",
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
            Self::Invitation => "invitation",
            Self::PasswordChanged => "password_changed",
            Self::PasswordRecovered => "password_recovered",
            Self::PasswordSet => "password_set",
            Self::SecondFactorReset => "second_factor_reset",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What the link in it is good for, if there is one.
    pub const fn purpose(self) -> Option<Purpose> {
        match self {
            Self::ResetAsked | Self::PasswordReset => Some(Purpose::PasswordReset),
            Self::VerificationAsked | Self::EmailVerification => Some(Purpose::EmailVerification),
            Self::Invitation => Some(Purpose::Invitation),
            Self::PasswordChanged
            | Self::PasswordRecovered
            | Self::PasswordSet
            | Self::SecondFactorReset => None,
        }
    }

    /// How long after it was asked for it makes sense to send it.
    pub const fn lifetime(self, lifetimes: &Lifetimes) -> Duration {
        match self.purpose() {
            Some(Purpose::PasswordReset) => lifetimes.password_reset,
            Some(Purpose::EmailVerification) => lifetimes.email_verification,
            Some(Purpose::Invitation) => lifetimes.invitation,
            None => NOTICE_LIFETIME,
        }
    }
}

impl Purpose {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
            Self::Invitation => "invitation",
        }
    }

    /// The page its link leads to, below the address of pages.
    pub const fn page(self) -> &'static str {
        match self {
            Self::PasswordReset => "reset-password",
            Self::EmailVerification => "verify-email",
            Self::Invitation => "accept-invitation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_stored() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
    }
}

//! The second factor: enrolled, asked for, taken away.
//!
//! ```text
//! check_password -> Verified{has_second_factor} -> a challenge -> resume -> check_second_factor -> spend -> begin
//! enroll -> confirm (the first code) -> backup codes
//! ```
//!
//! Invariant: a wrong code counts towards the account's lock as a wrong password does, and a right password does not
//! wipe out that count: who knows the password guesses no longer than who does not.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::{TenantId, UserId};
use domain::login_session::Epochs;
use domain::ports::event_log::{LogError, Metadata};
use domain::refusal::{Means, Reason};
use domain::stream::Position;
use domain::user;
use domain::user::{Authority, Barred, Change, User};
use uuid::Uuid;

use super::Access;
use super::counts::{Class, Count};
use super::sign_in::{SignInError, Verified};
use super::standing::{account, epochs};
use crate::executor::CommandError;
use crate::second_factors::code::{BACKUP_CODE_BYTES, BACKUP_CODES, BackupCode, Code};
use crate::second_factors::totp::{Enrolment, SECRET_BYTES};
use crate::second_factors::{SecretsError, Trial};

const MINUTE: Duration = Duration::from_mins(1);

/// Random bytes for a set of backup codes.
pub type BackupCodeBytes = [[u8; BACKUP_CODE_BYTES]; BACKUP_CODES];

/// Whose secret is asked for, from where, and on whose behalf.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose user.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// Where it comes from.
    pub address: Option<IpAddr>,
    /// On whose behalf.
    pub metadata: Metadata,
}

/// Backup codes as they are shown, once.
pub struct NewBackupCodes {
    /// The codes.
    pub codes: Vec<BackupCode>,
    /// Their event's place in the log.
    pub position: Position,
}

/// Why a second factor is not enrolled, not taken or not taken away.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// They have one.
    #[error("the account signs in with a second factor already")]
    AlreadyEnabled,
    /// They have none.
    #[error("the account signs in without a second factor")]
    NotEnabled,
    /// The code is wrong, was used before, or the account is locked: which, is not told.
    #[error("the code is wrong or was used before, or the account is locked for a while")]
    Refused,
    /// Too many codes were tried.
    #[error("too many codes were tried")]
    TooMany {
        /// How many may be tried in a minute.
        limit: u32,
        /// When others may be tried.
        wait: Duration,
        /// Counted from now.
        now: DateTime<Utc>,
    },
    /// The secrets cannot be used.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The log could not be read.
    #[error("the event log could not be read")]
    Log(#[from] LogError),
    /// The user could not be changed.
    #[error("the user could not be changed")]
    User(#[from] CommandError<user::Rejection>),
    /// The address it comes from is blocked, or a failure could not be counted.
    #[error(transparent)]
    SignIn(Box<SignInError>),
}

impl From<sqlx::Error> for SecondFactorError {
    fn from(error: sqlx::Error) -> Self {
        Self::Secrets(error.into())
    }
}

impl From<SignInError> for SecondFactorError {
    fn from(error: SignInError) -> Self {
        Self::SignIn(Box::new(error))
    }
}

impl Access {
    /// Somebody who was asked for a second factor: who they are now, if nothing has ended their sign-in since.
    pub async fn resume(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        asked_in: Epochs,
    ) -> Result<Option<Verified>, SignInError> {
        let Some((tenant, user)) = account(&self.executor, tenant_id, user_id).await? else {
            return Ok(None);
        };
        if epochs(tenant, &user) != asked_in || !user.has_second_factor {
            return Ok(None);
        }
        if !user.is_active {
            return Err(SignInError::Deactivated);
        }
        if tenant.is_suspended {
            return Err(SignInError::TenantSuspended);
        }
        // Whether they are locked is told like a wrong code, by who looks at the code.
        Ok(Some(Verified::of(tenant_id, user_id, tenant, &user)))
    }

    /// Whether the code is the user's, now, and for the first time. Whoever asks for a second factor asks here.
    pub async fn check_second_factor(
        &self,
        asked: &Asked,
        code: &str,
    ) -> Result<(), SecondFactorError> {
        self.allow_code(asked).await?;
        let state = self.executor.load::<User>(asked.tenant, asked.user.0).await?;
        let User::Present(user) = state else { return Err(SecondFactorError::NotEnabled) };
        if !user.has_second_factor {
            return Err(SecondFactorError::NotEnabled);
        }
        if user.may_sign_in(self.now()) == Err(Barred::Locked) {
            return self.refuse_code(asked, Reason::Locked).await;
        }
        let trial = match Code::parse(code) {
            Some(Code::Totp(code)) => {
                self.second_factors.take_totp(asked.user, &code, self.now()).await?
            }
            Some(Code::Backup(code)) => self.take_backup_code(asked, &code).await?,
            None => Trial::Wrong,
        };
        match trial {
            Trial::Right => {
                self.counts.clear(Class::AccountFailures, &asked.user.to_string()).await?;
                Ok(())
            }
            Trial::Wrong => self.refuse_code(asked, Reason::WrongSecret).await,
            Trial::Reused => self.refuse_code(asked, Reason::Reused).await,
        }
    }

    /// Spends a challenge; false if it has led to a login session before.
    pub async fn spend_challenge(
        &self,
        challenge: Uuid,
        until: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        self.second_factors.spend(challenge, until).await
    }

    /// A new secret for somebody who has no second factor.
    pub async fn enroll_second_factor(
        &self,
        tenant: TenantId,
        user: UserId,
        secret: [u8; SECRET_BYTES],
    ) -> Result<Enrolment, SecondFactorError> {
        let state = self.executor.load::<User>(tenant, user.0).await?;
        let User::Present(present) = state else { return Err(SecondFactorError::NotEnabled) };
        if present.has_second_factor {
            return Err(SecondFactorError::AlreadyEnabled);
        }
        let enrolled =
            self.second_factors.enroll((tenant, user), present.email.as_str(), secret).await?;
        enrolled.ok_or(SecondFactorError::AlreadyEnabled)
    }

    /// Takes the first code of a new secret; from then on the user signs in with the second factor.
    pub async fn confirm_second_factor(
        &self,
        asked: &Asked,
        code: &str,
        random: BackupCodeBytes,
        by: Authority,
    ) -> Result<NewBackupCodes, SecondFactorError> {
        self.allow_code(asked).await?;
        let state = self.executor.load::<User>(asked.tenant, asked.user.0).await?;
        if matches!(state, User::Present(user) if user.has_second_factor) {
            return Err(SecondFactorError::AlreadyEnabled);
        }
        let Some(Code::Totp(code)) = Code::parse(code) else {
            return Err(SecondFactorError::Refused);
        };
        let codes = random.map(BackupCode::of).to_vec();
        let trial = self.second_factors.confirm(asked.user, &code, &codes, self.now()).await?;
        if trial != Trial::Right {
            return Err(SecondFactorError::Refused);
        }
        let position = self.change(asked, Change::EnableSecondFactor, by).await?;
        Ok(NewBackupCodes { codes, position })
    }

    /// Other backup codes for somebody who shows a code.
    pub async fn replace_backup_codes(
        &self,
        asked: &Asked,
        code: &str,
        random: BackupCodeBytes,
        by: Authority,
    ) -> Result<NewBackupCodes, SecondFactorError> {
        self.check_second_factor(asked, code).await?;
        let codes = random.map(BackupCode::of).to_vec();
        self.second_factors.replace_backup_codes(asked.user, &codes).await?;
        let position = self.change(asked, Change::ReplaceBackupCodes, by).await?;
        Ok(NewBackupCodes { codes, position })
    }

    /// Takes a user's second factor away: by who shows a code, see [`Self::check_second_factor`], or by who may.
    pub async fn disable_second_factor(
        &self,
        asked: &Asked,
        by: Authority,
    ) -> Result<Position, SecondFactorError> {
        let position = self.change(asked, Change::DisableSecondFactor, by).await?;
        self.second_factors.forget(asked.user).await?;
        Ok(position)
    }

    async fn take_backup_code(
        &self,
        asked: &Asked,
        code: &BackupCode,
    ) -> Result<Trial, SecondFactorError> {
        let (trial, left) = self.second_factors.take_backup_code(asked.user, code).await?;
        if trial == Trial::Right {
            // Whoever shows the code is the user: nobody's role is asked.
            let asked =
                Asked { metadata: asked.metadata.clone().part("backup_code"), ..asked.clone() };
            self.change(&asked, Change::UseBackupCode { left }, Authority::Operator).await?;
        }
        Ok(trial)
    }

    async fn change(
        &self,
        asked: &Asked,
        change: Change,
        by: Authority,
    ) -> Result<Position, SecondFactorError> {
        let metadata = asked.metadata.clone();
        Ok(self.change_user(asked.tenant, asked.user, change, by, metadata).await?.position)
    }

    async fn allow_code(&self, asked: &Asked) -> Result<(), SecondFactorError> {
        self.require_unblocked(asked.address).await?;
        let limit = self.options.second_factors_per_minute;
        let key = asked.user.to_string();
        let Count { count, ends_in } =
            self.counts.count(Class::SecondFactors, &key, MINUTE).await?;
        if count > limit {
            let now = self.executor.ambient().now();
            return Err(SecondFactorError::TooMany { limit, wait: ends_in, now });
        }
        Ok(())
    }

    async fn refuse_code(&self, asked: &Asked, reason: Reason) -> Result<(), SecondFactorError> {
        self.refuse(asked, Means::SecondFactor, reason).await?;
        Err(SecondFactorError::Refused)
    }
}

//! What the links in mails do: a new password, an address that is shown to be read.

use std::net::IpAddr;

use chrono::TimeDelta;
use domain::email::EmailAddress;
use domain::id::{TenantId, UserId};
use domain::ports::event_log::{Actor, LogError, Metadata};
use domain::refusal::{self, Means};
use domain::stream::Position;
use domain::user::event::PasswordChange;
use domain::user::{self, Authority, Change, User};
use secrecy::SecretString;
use sqlx::PgPool;

use super::outbox::{Mail, Outbox};
use super::tokens::{MailedTokens, NotTaken};
use super::{Kind, Lifetimes, Purpose};
use crate::access::Access;
use crate::access::refusals::Told;
use crate::access::sign_in::SignInError;
use crate::access::standing::active_account;
use crate::accounts::{AccountError, Accounts};
use crate::executor::{CommandError, Executor};
use crate::passwords::{self, PasswordError};

/// Takes what was forgotten, and what links bring back.
#[derive(Clone)]
pub struct Recovery {
    executor: Executor,
    accounts: Accounts,
    access: Access,
    outbox: Outbox,
    tokens: MailedTokens,
    lifetimes: Lifetimes,
}

/// Why a link does nothing.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The token was never made, was used, is replaced by a newer one, or its time is over.
    #[error(
        "is unknown, was used, was replaced by a newer one, or its time is over; ask for another"
    )]
    NoGood,
    /// The address it comes from is blocked.
    #[error("the address is blocked")]
    Access(#[from] SignInError),
    /// The password is of no use.
    #[error("the password {0}")]
    Password(#[from] PasswordError),
    /// The database is away.
    #[error("the token could not be read")]
    Database(#[from] sqlx::Error),
    /// The log is away.
    #[error("the event log could not be read")]
    Log(#[from] LogError),
    /// The user could not be changed.
    #[error("the user could not be changed")]
    User(#[from] CommandError<user::Rejection>),
    /// The password could not be set.
    #[error("the password could not be set")]
    Account(#[from] AccountError),
    /// It could not be told who was refused.
    #[error("the refusal could not be recorded")]
    Refusal(#[from] CommandError<refusal::Rejection>),
}

impl Recovery {
    /// In this database and this log.
    pub fn new(
        pool: &PgPool,
        executor: Executor,
        accounts: Accounts,
        access: Access,
        lifetimes: Lifetimes,
    ) -> Self {
        Self {
            executor,
            accounts,
            access,
            outbox: Outbox::new(pool.clone()),
            tokens: MailedTokens::new(pool.clone()),
            lifetimes,
        }
    }

    /// Somebody asks for a mail to an address. Whether there is such an account is not looked at here, so neither the
    /// answer nor its time can tell.
    pub async fn ask(
        &self,
        kind: Kind,
        email: EmailAddress,
        tenant: Option<TenantId>,
    ) -> Result<(), sqlx::Error> {
        let ambient = self.executor.ambient();
        let lifetime = TimeDelta::from_std(kind.lifetime(&self.lifetimes)).unwrap_or_default();
        let (id, expires_at) = (ambient.new_id(), ambient.now() + lifetime);
        self.outbox.put(&Mail { id, kind, email, tenant, user: None, expires_at }).await
    }

    /// Sets a password by a link. Whoever has it reads mail at the address: that is shown, too, and a lock that would end
    /// by itself ends. All login sessions end. One by order stays, and so does the second factor.
    pub async fn set_password(
        &self,
        purpose: Purpose,
        token: &str,
        password: SecretString,
        address: Option<IpAddr>,
        metadata: Metadata,
    ) -> Result<Position, RecoveryError> {
        // A token is not spent on a password that will not do.
        passwords::suits(&password)?;
        let (tenant, user) = self.take(purpose, token, address, &metadata).await?;
        let metadata = Metadata { actor: Actor::User { id: user }, ..metadata };
        let part = |name| metadata.clone().part(name);
        let by = Authority::Operator;
        let how = PasswordChange::Recovery;
        let set =
            self.accounts.set_password((tenant, user), password, how, by, metadata.clone()).await?;
        self.access.change_user(tenant, user, Change::VerifyEmail, by, part("verified")).await?;
        let state = self.executor.load::<User>(tenant, user.0).await?;
        let is_locked_for_a_while = matches!(state, User::Present(user) if user.lock.is_some_and(|lock| lock.until.is_some()));
        if is_locked_for_a_while {
            self.access.change_user(tenant, user, Change::Unlock, by, part("unlocked")).await?;
        }
        Ok(set.position)
    }

    /// Shows by a link that mail at an address is read.
    pub async fn verify_email(
        &self,
        token: &str,
        address: Option<IpAddr>,
        metadata: Metadata,
    ) -> Result<Position, RecoveryError> {
        let purpose = Purpose::EmailVerification;
        let (tenant, user) = self.take(purpose, token, address, &metadata).await?;
        let metadata = Metadata { actor: Actor::User { id: user }, ..metadata };
        let (change, by) = (Change::VerifyEmail, Authority::Operator);
        Ok(self.access.change_user(tenant, user, change, by, metadata).await?.position)
    }

    /// Takes a token of somebody who may sign in at all.
    async fn take(
        &self,
        purpose: Purpose,
        token: &str,
        address: Option<IpAddr>,
        metadata: &Metadata,
    ) -> Result<(TenantId, UserId), RecoveryError> {
        self.access.require_unblocked(address).await?;
        let (tenant, user) = match self.tokens.take(token, purpose).await? {
            Ok(owner) => owner,
            Err(NotTaken { reason, owner }) => {
                let told = Told {
                    tenant: owner.map_or(TenantId::PLATFORM, |(tenant, _)| tenant),
                    means: Means::MailedToken,
                    reason,
                    email: None,
                    user: owner.map(|(_, user)| user),
                    subject: None,
                };
                self.access.refusals().tell(told, metadata.clone()).await?;
                self.access.count_for_address(address, metadata).await?;
                return Err(RecoveryError::NoGood);
            }
        };
        match active_account(&self.executor, tenant, user).await? {
            Some(_) => Ok((tenant, user)),
            None => Err(RecoveryError::NoGood),
        }
    }
}

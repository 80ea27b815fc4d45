//! What becomes of failures: told, and counted for the account, which is locked, and for the address, which is blocked.

use std::net::IpAddr;

use domain::address::BlockReason;
use domain::id::{TenantId, UserId};
use domain::ports::event_log::Metadata;
use domain::refusal::{Means, Reason};
use domain::user;
use domain::user::event::LockReason;
use domain::user::{Authority, Change};

use super::counts::Class;
use super::refusals::Told;
use super::second_factor::Asked;
use super::sign_in::SignInError;
use super::{Access, later};
use crate::executor::CommandError;

impl Access {
    /// Somebody who is known showed what is not theirs, or could not be looked at. What is shown while they are locked
    /// makes the lock no longer.
    pub async fn refuse(
        &self,
        asked: &Asked,
        means: Means,
        reason: Reason,
    ) -> Result<(), SignInError> {
        let Asked { tenant, user, address, metadata } = asked;
        let (tenant, user) = (*tenant, *user);
        let told = Told { tenant, means, reason, email: None, user: Some(user), subject: None };
        self.refusals.tell(told, metadata.clone()).await?;
        if reason != Reason::Locked {
            self.count_for_account(tenant, user, metadata).await?;
        }
        self.count_for_address(*address, metadata).await
    }

    /// Counts a failure, and locks the account if it was one too many.
    pub(super) async fn count_for_account(
        &self,
        tenant: TenantId,
        user: UserId,
        metadata: &Metadata,
    ) -> Result<(), SignInError> {
        let (key, time) = (user.to_string(), self.options.lock_time);
        let failures = self.counts.count(Class::AccountFailures, &key, time).await?.count;
        if failures >= self.options.account_failures_max {
            self.lock(tenant, user, metadata.clone()).await?;
            self.counts.clear(Class::AccountFailures, &key).await?;
        }
        Ok(())
    }

    async fn lock(
        &self,
        tenant: TenantId,
        user: UserId,
        metadata: Metadata,
    ) -> Result<(), SignInError> {
        let until = Some(later(self.now(), self.options.lock_time));
        let change = Change::Lock { reason: LockReason::TooManyFailures, until };
        let locked = self.change_user(tenant, user, change, Authority::Operator, metadata);
        match locked.await {
            // A user who never came to be.
            Ok(_) | Err(CommandError::Rejected(user::Rejection::Unknown)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Counts a failure, and blocks the address if it was one too many.
    pub async fn count_for_address(
        &self,
        address: Option<IpAddr>,
        metadata: &Metadata,
    ) -> Result<(), SignInError> {
        let Some(address) = address else { return Ok(()) };
        let (key, time) = (address.to_string(), self.options.block_time);
        let failures = self.counts.count(Class::AddressFailures, &key, time).await?.count;
        if failures >= self.options.address_failures_max {
            let reason = BlockReason::TooManyFailures;
            self.block(address, reason, Some(time), metadata.clone()).await?;
            self.counts.clear(Class::AddressFailures, &key).await?;
        }
        Ok(())
    }
}

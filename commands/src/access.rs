//! Who gets in.
//!
//! ```text
//! sign_in    address and password -> verified -> login session      (login_seats: how many at a time)
//! second_factor  what some have to show in between                  (second_factors)
//! standing   what a login session's user may do, by the log as it is now
//! failures   told, and counted: accounts are locked, addresses blocked
//! counts     what is limited exactly over all processes             (request_counts)
//! refusals   who was not let in, and why                            -> the log
//! ```
//!
//! Invariant: whether somebody is let in is decided on the log as it is at that moment, so what is revoked, suspended or
//! blocked anywhere is so everywhere with the next request.

pub mod counts;
mod failures;
pub mod refusals;
mod seats;
pub mod second_factor;
pub mod sessions;
pub mod sign_in;
pub mod standing;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::address::{self, Address, BlockReason};
use domain::id::{AddressId, TenantId, UserId};
use domain::login_session::Terms;
use domain::ports::event_log::{LogError, Metadata};
use domain::tenant::{self, Tenant};
use domain::user::{self, Authority, Change, User};
use sqlx::PgPool;
use std::net::IpAddr;

use crate::credentials::Credentials;
use crate::executor::{CommandError, Executed, Executor};
use crate::passwords::Passwords;
use crate::second_factors::SecondFactors;
use counts::Counts;
use refusals::Refusals;
use seats::Seats;
use sign_in::SignInError;

/// Lets people in, or not.
#[derive(Clone)]
pub struct Access {
    executor: Executor,
    credentials: Credentials,
    passwords: Passwords,
    second_factors: SecondFactors,
    counts: Counts,
    seats: Seats,
    refusals: Refusals,
    options: AccessOptions,
}

/// How strict it is.
#[derive(Debug, Clone, Copy)]
pub struct AccessOptions {
    /// Wrong passwords for one account after which it is locked.
    pub account_failures_max: u32,
    /// For how long; also within which time they count.
    pub lock_time: Duration,
    /// Failed sign-ins from one address after which it is blocked.
    pub address_failures_max: u32,
    /// For how long; also within which time they count.
    pub block_time: Duration,
    /// Login sessions a user may have at a time.
    pub login_sessions_max: u32,
    /// Whether only those who have read mail at their address sign in.
    pub requires_verified_email: bool,
    /// Codes of a second factor that may be tried for one account in a minute.
    pub second_factors_per_minute: u32,
    /// How long login sessions last.
    pub terms: Terms,
}

/// What becomes of users, of tenants and of addresses.
impl Access {
    /// With these parts.
    pub fn new(
        pool: &PgPool,
        executor: Executor,
        passwords: Passwords,
        second_factors: SecondFactors,
        options: AccessOptions,
    ) -> Self {
        Self {
            credentials: Credentials::new(pool.clone()),
            passwords,
            second_factors,
            counts: Counts::new(pool.clone()),
            seats: Seats::new(pool.clone()),
            refusals: Refusals::new(executor.clone()),
            executor,
            options,
        }
    }

    /// Counts what is limited.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Tells who was refused.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// Changes a user.
    pub async fn change_user(
        &self,
        tenant: TenantId,
        user: UserId,
        change: Change,
        by: Authority,
        metadata: Metadata,
    ) -> Result<Executed<user::event::Event>, CommandError<user::Rejection>> {
        let command = user::Command::Change { change, by, now: self.now() };
        self.executor.execute::<User>(tenant, user.0, command, metadata).await
    }

    /// Changes a tenant.
    pub async fn change_tenant(
        &self,
        tenant: TenantId,
        command: tenant::Command,
        metadata: Metadata,
    ) -> Result<Executed<tenant::Event>, CommandError<tenant::Rejection>> {
        self.executor.execute::<Tenant>(tenant, tenant.0, command, metadata).await
    }

    /// Blocks an address.
    pub async fn block(
        &self,
        address: IpAddr,
        reason: BlockReason,
        time: Option<Duration>,
        metadata: Metadata,
    ) -> Result<Executed<address::Event>, CommandError<address::Rejection>> {
        let now = self.now();
        let until = time.map(|time| later(now, time));
        let command = address::Command::Block { address, reason, until, now };
        self.change_address(address, command, metadata).await
    }

    /// Unblocks an address.
    pub async fn unblock(
        &self,
        address: IpAddr,
        metadata: Metadata,
    ) -> Result<Executed<address::Event>, CommandError<address::Rejection>> {
        let command = address::Command::Unblock { address, now: self.now() };
        self.change_address(address, command, metadata).await
    }

    /// For how long yet requests from an address are refused, if they are now; none within: until somebody unblocks it.
    pub async fn block_of(&self, address: IpAddr) -> Result<Option<Option<Duration>>, LogError> {
        let id = AddressId::of(address);
        let block =
            self.executor.load::<Address>(TenantId::PLATFORM, id.0).await?.block(self.now());
        let wait = |until: DateTime<Utc>| (until - self.now()).to_std().unwrap_or_default();
        Ok(block.map(|until| until.map(wait)))
    }

    /// Refuses who comes from a blocked address.
    pub async fn require_unblocked(&self, address: Option<IpAddr>) -> Result<(), SignInError> {
        let Some(address) = address else { return Ok(()) };
        match self.block_of(address).await? {
            Some(wait) => Err(SignInError::AddressBlocked(wait)),
            None => Ok(()),
        }
    }

    async fn change_address(
        &self,
        address: IpAddr,
        command: address::Command,
        metadata: Metadata,
    ) -> Result<Executed<address::Event>, CommandError<address::Rejection>> {
        let id = AddressId::of(address);
        self.executor.execute::<Address>(TenantId::PLATFORM, id.0, command, metadata).await
    }

    fn now(&self) -> DateTime<Utc> {
        self.executor.ambient().now()
    }
}

fn later(now: DateTime<Utc>, time: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(time).unwrap_or(TimeDelta::days(366))
}

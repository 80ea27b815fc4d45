//! What a login session's user may do, by the log as it is now and not by what a token says.

use std::net::IpAddr;
use std::time::Duration;

use domain::access::Role;
use domain::id::{LoginSessionId, TenantId, UserId};
use domain::login_session::{Epochs, LoginSession};
use domain::ports::event_log::LogError;
use domain::tenant::{self, Tenant};
use domain::user::{self, User};
use futures::future::OptionFuture;

use super::Access;
use crate::executor::Executor;

/// Why somebody whose token is sound is not let in.
#[derive(Debug, thiserror::Error)]
pub enum NoStanding {
    /// The login session is over.
    #[error("the login session is over; sign in again")]
    SessionOver,
    /// The tenant is suspended.
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// The address is blocked; for how long yet, unless for good.
    #[error("the address is blocked")]
    AddressBlocked(Option<Duration>),
    /// The log could not be read.
    #[error("the event log could not be read")]
    Log(#[from] LogError),
}

impl Access {
    /// What the user of a login session is in the tenant now. The four streams it hangs on are asked for together.
    pub async fn standing(
        &self,
        tenant: TenantId,
        user: UserId,
        session: LoginSessionId,
        address: Option<IpAddr>,
    ) -> Result<Role, NoStanding> {
        let block = OptionFuture::from(address.map(|address| self.block_of(address)));
        let (block, tenant_state, user_state, session_state) = futures::join!(
            block,
            self.executor.load::<Tenant>(tenant, tenant.0),
            self.executor.load::<User>(tenant, user.0),
            self.executor.load::<LoginSession>(tenant, session.0),
        );
        if let Some(wait) = block.transpose()?.flatten() {
            return Err(NoStanding::AddressBlocked(wait));
        }
        let (Tenant::Present(tenant), User::Present(present), LoginSession::Active(session)) =
            (tenant_state?, user_state?, session_state?)
        else {
            return Err(NoStanding::SessionOver);
        };
        if tenant.is_suspended {
            return Err(NoStanding::TenantSuspended);
        }
        let is_good = session.is_good(epochs(tenant, &present), self.options.terms, self.now());
        let is_let_in = session.user_id == user && present.is_active && is_good;
        if is_let_in { Ok(present.role) } else { Err(NoStanding::SessionOver) }
    }
}

impl Access {
    /// Whether a tenant's programs are let in now, from this address.
    pub async fn standing_of_program(
        &self,
        tenant: TenantId,
        address: Option<IpAddr>,
    ) -> Result<(), NoStanding> {
        let block = OptionFuture::from(address.map(|address| self.block_of(address)));
        let tenant = self.executor.load::<Tenant>(tenant, tenant.0);
        let (block, tenant) = futures::join!(block, tenant);
        if let Some(wait) = block.transpose()?.flatten() {
            return Err(NoStanding::AddressBlocked(wait));
        }
        match tenant? {
            Tenant::Present(tenant) if !tenant.is_suspended => Ok(()),
            Tenant::Present(_) => Err(NoStanding::TenantSuspended),
            Tenant::Absent => Err(NoStanding::SessionOver),
        }
    }
}

/// A user and their tenant as they are now; none if either never came to be.
pub(crate) async fn account(
    executor: &Executor,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<(tenant::Present, user::Present)>, LogError> {
    let states = futures::try_join!(
        executor.load::<Tenant>(tenant, tenant.0),
        executor.load::<User>(tenant, user.0),
    )?;
    Ok(match states {
        (Tenant::Present(tenant), User::Present(user)) => Some((tenant, user)),
        _ => None,
    })
}

/// The same of a user who is let in at all: neither deactivated nor of a suspended tenant.
pub(crate) async fn active_account(
    executor: &Executor,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<user::Present>, LogError> {
    let account = account(executor, tenant, user).await?;
    let active = account.filter(|(tenant, user)| user.is_active && !tenant.is_suspended);
    Ok(active.map(|(_, user)| user))
}

/// The epochs a user and their tenant are in.
pub(super) fn epochs(tenant: tenant::Present, user: &user::Present) -> Epochs {
    Epochs { user: user.epoch, tenant: tenant.epoch }
}

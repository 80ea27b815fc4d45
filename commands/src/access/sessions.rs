//! Login sessions that have begun: refreshed, and ended.

use domain::access::Role;
use domain::id::{LoginSessionId, TenantId, UserId};
use domain::login_session::{self, Command, Event, LoginSession, RevocationReason, Revoked};
use domain::ports::event_log::{LogError, Metadata};
use domain::stream::Position;
use domain::tenant::Tenant;
use domain::user::User;

use super::Access;
use super::standing::epochs;
use crate::executor::{CommandError, Executed};

/// A login session that goes on.
#[derive(Debug, Clone, Copy)]
pub struct Refreshed {
    /// What its user is in the tenant now.
    pub role: Role,
    /// Which refresh token is good now.
    pub generation: u32,
    /// Its event's place in the log.
    pub position: Position,
}

/// Why a refresh token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It was spent before: two hold it, and its login session is over for both.
    #[error("the refresh token was used before, so its login session is over; sign in again")]
    Reused,
    /// Its login session is over, or its user may not sign in any more.
    #[error("the login session is over; sign in again")]
    Over,
    /// The tenant is suspended.
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// The log could not be read.
    #[error("the event log could not be read")]
    Log(#[from] LogError),
    /// The login session refuses it.
    #[error("the login session could not be refreshed")]
    Session(#[from] CommandError<login_session::Rejection>),
}

impl Access {
    /// Spends a refresh token.
    pub async fn refresh(
        &self,
        tenant: TenantId,
        user: UserId,
        session: LoginSessionId,
        generation: u32,
        metadata: Metadata,
    ) -> Result<Refreshed, RefreshError> {
        let (tenant_state, user_state) = futures::try_join!(
            self.executor.load::<Tenant>(tenant, tenant.0),
            self.executor.load::<User>(tenant, user.0),
        )?;
        let (Tenant::Present(tenant_state), User::Present(user_state)) = (tenant_state, user_state)
        else {
            return Err(RefreshError::Over);
        };
        if tenant_state.is_suspended {
            return Err(RefreshError::TenantSuspended);
        }
        let command = Command::Refresh {
            generation,
            epochs: epochs(tenant_state, &user_state),
            terms: self.options.terms,
            now: self.now(),
        };
        let executed = self.executor.execute::<LoginSession>(tenant, session.0, command, metadata);
        let Executed { events, position } = executed.await?;
        let role = user_state.role;
        match events.first() {
            Some(Event::Refreshed(login_session::Refreshed { generation, .. })) => {
                Ok(Refreshed { role, generation: *generation, position })
            }
            Some(Event::Revoked(Revoked { reason: RevocationReason::RefreshReused, .. })) => {
                Err(RefreshError::Reused)
            }
            Some(Event::Revoked(_) | Event::Started(_)) | None => Err(RefreshError::Over),
        }
    }

    /// Ends one of a user's login sessions; none if the user has no such session.
    pub async fn revoke(
        &self,
        tenant: TenantId,
        user: UserId,
        session: LoginSessionId,
        reason: RevocationReason,
        metadata: Metadata,
    ) -> Result<Option<Position>, CommandError<login_session::Rejection>> {
        match self.executor.load::<LoginSession>(tenant, session.0).await? {
            LoginSession::Active(active) if active.user_id == user => {}
            // Over already, or somebody else's: which, is nobody's business.
            LoginSession::Active(_) | LoginSession::Revoked | LoginSession::Absent => {
                return Ok(None);
            }
        }
        let command = Command::Revoke { reason, now: self.now() };
        let executed = self.executor.execute::<LoginSession>(tenant, session.0, command, metadata);
        Ok(Some(executed.await?.position))
    }
}

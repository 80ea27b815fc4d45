//! Signing in.
//!
//! ```text
//! check_password   address free? -> password right? -> locked, deactivated, suspended?   -> Verified
//! begin            a seat -> LoginSession::Start                                         -> Begun
//! ```
//!
//! Invariant: before the password is known to be right, what is answered and how long it takes does not depend on
//! whether there is such an account, nor on whether it is locked.

mod moment;

use std::net::IpAddr;
use std::time::Duration;

use domain::access::Role;
use domain::email::EmailAddress;
use domain::id::{ClientId, LoginSessionId, TenantId, UserId};
use domain::login_session::{self, Command, Epochs, LoginSession, RevocationReason};
use domain::origin::Origin;
use domain::ports::event_log::{Actor, LogError, Metadata};
use domain::refusal::{Means, Reason};
use domain::stream::Position;
use domain::tenant;
use domain::user::Barred;
use domain::{address, refusal, user};
use secrecy::SecretString;
use tokio::time::{Instant, sleep_until};

use super::Access;
use super::counts::Class;
use super::refusals::Told;
use super::standing::{account, epochs};
use crate::credentials::Credential;
use crate::executor::CommandError;

/// Somebody wants to sign in.
pub struct Attempt {
    /// The address they say is theirs.
    pub email: EmailAddress,
    /// What they say the password is.
    pub password: SecretString,
    /// The tenant, where they name one.
    pub tenant: Option<TenantId>,
    /// Where it comes from.
    pub address: Option<IpAddr>,
    /// On whose behalf; its actor is not known yet.
    pub metadata: Metadata,
}

/// Somebody who knows the password and may sign in.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Whose user.
    pub tenant_id: TenantId,
    /// Who.
    pub user_id: UserId,
    /// What they are.
    pub role: Role,
    /// Whether they have to show a second factor, too.
    pub has_second_factor: bool,
    /// Whether they have read mail at their address.
    pub is_verified: bool,
    /// In which epochs of the user and the tenant it was shown.
    pub epochs: Epochs,
}

impl Verified {
    pub(super) fn of(
        tenant_id: TenantId,
        user_id: UserId,
        tenant: tenant::Present,
        user: &user::Present,
    ) -> Self {
        Self {
            tenant_id,
            user_id,
            role: user.role,
            has_second_factor: user.has_second_factor,
            is_verified: user.is_verified,
            epochs: epochs(tenant, user),
        }
    }
}

/// A login session that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// Which.
    pub login_session_id: LoginSessionId,
    /// Its event's place in the log.
    pub position: Position,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Too many sign-ins from the address have failed; for how long yet it is blocked, unless for good.
    #[error("the address is blocked")]
    AddressBlocked(Option<Duration>),
    /// There is no such account, the password is wrong, or the account is locked: which, is not told.
    #[error(
        "there is no such account, the password is wrong, or the account is locked for a while"
    )]
    Refused,
    /// The account exists in several tenants, and none was named.
    #[error("the account exists in several tenants")]
    Ambiguous,
    /// The account is deactivated.
    #[error("the account is deactivated; ask an administrator")]
    Deactivated,
    /// The tenant is suspended.
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// They have not shown that they read mail at their address.
    #[error(
        "the address is not confirmed: follow the link that was sent to it, or ask for another"
    )]
    Unverified,
    /// The user has as many login sessions as they may.
    #[error("the account has {0} login sessions already, as many as it may: end one of them")]
    SessionLimit(u32),
    /// The database is away.
    #[error("credentials could not be read")]
    Database(#[from] sqlx::Error),
    /// The log is away.
    #[error("the event log could not be read")]
    Log(#[from] LogError),
    /// A login session could not begin.
    #[error("the login session could not begin")]
    LoginSession(#[from] CommandError<login_session::Rejection>),
    /// A lock could not be put on.
    #[error("the account could not be locked")]
    User(#[from] CommandError<user::Rejection>),
    /// An address could not be blocked.
    #[error("the address could not be blocked")]
    Address(#[from] CommandError<address::Rejection>),
    /// It could not be told who was refused.
    #[error("the refusal could not be recorded")]
    Refusal(#[from] CommandError<refusal::Rejection>),
}

impl Access {
    /// Who it is, if they know the password and may sign in.
    pub async fn check_password(&self, attempt: Attempt) -> Result<Verified, SignInError> {
        let began = Instant::now();
        let checked = self.check(attempt).await;
        if let Err(SignInError::Refused) = checked {
            sleep_until(began + moment::next(began.elapsed())).await;
        }
        checked
    }

    async fn check(&self, attempt: Attempt) -> Result<Verified, SignInError> {
        self.require_unblocked(attempt.address).await?;
        let candidates = self.credentials.find(&attempt.email, attempt.tenant).await?;
        let Some(credential) = self.matching(&attempt, &candidates).await else {
            return Err(self.wrong_password(&attempt, &candidates).await?);
        };
        let Credential { tenant_id, user_id, .. } = *credential;
        // An address whose user never came to be: see `credentials`.
        let Some((tenant, user)) = account(&self.executor, tenant_id, user_id).await? else {
            return Err(self.wrong_password(&attempt, &[]).await?);
        };
        let (reason, error) = match user.may_sign_in(self.now()) {
            Err(Barred::Locked) => (Reason::Locked, SignInError::Refused),
            Err(Barred::Deactivated) => (Reason::Deactivated, SignInError::Deactivated),
            Ok(()) if tenant.is_suspended => {
                (Reason::TenantSuspended, SignInError::TenantSuspended)
            }
            Ok(()) if self.options.requires_verified_email && !user.is_verified => {
                (Reason::Unverified, SignInError::Unverified)
            }
            Ok(()) if candidates.len() > 1 => return Err(SignInError::Ambiguous),
            Ok(()) => {
                // With a second factor half of the way is left, and the count goes on: see `second_factor`.
                if !user.has_second_factor {
                    self.counts.clear(Class::AccountFailures, &user_id.to_string()).await?;
                }
                return Ok(Verified::of(tenant_id, user_id, tenant, &user));
            }
        };
        self.tell(&attempt, Some(credential), reason).await?;
        self.count_for_address(attempt.address, &attempt.metadata).await?;
        Err(error)
    }

    /// Somebody who showed what they had to a moment ago, in these epochs; none if that has been ended since.
    pub async fn still_verified(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        shown_in: Epochs,
    ) -> Result<Option<Verified>, LogError> {
        let account = account(&self.executor, tenant_id, user_id).await?;
        let may = account.filter(|(tenant, user)| {
            user.may_sign_in(self.now()).is_ok()
                && !tenant.is_suspended
                && epochs(*tenant, user) == shown_in
        });
        Ok(may.map(|(tenant, user)| Verified::of(tenant_id, user_id, tenant, &user)))
    }

    /// Begins a login session, of the user or of an OAuth2 client that acts for them, if the user may have another. The oldest makes room, if that is asked.
    pub async fn begin(
        &self,
        verified: &Verified,
        client_id: Option<ClientId>,
        origin: Origin,
        ends_oldest: bool,
        metadata: Metadata,
    ) -> Result<Begun, SignInError> {
        let Verified { tenant_id, user_id, epochs, .. } = *verified;
        let login_session_id = LoginSessionId(self.executor.ambient().new_id());
        let metadata = Metadata { actor: Actor::User { id: user_id }, ..metadata };
        if !self.take_seat(verified, login_session_id, ends_oldest, &metadata).await? {
            let told = Told {
                tenant: tenant_id,
                means: if client_id.is_some() { Means::Client } else { Means::Password },
                reason: Reason::SessionLimit,
                email: None,
                user: Some(user_id),
                subject: client_id.map(|client| client.0),
            };
            self.refusals.tell(told, metadata).await?;
            return Err(SignInError::SessionLimit(self.options.login_sessions_max));
        }
        let command = Command::Start { user_id, origin, epochs, client_id, now: self.now() };
        let begun =
            self.executor.begin::<LoginSession>(tenant_id, login_session_id.0, command, metadata);
        Ok(Begun { login_session_id, position: begun.await?.position })
    }

    /// The credential the password fits. An unknown address costs as much time as a known one.
    async fn matching<'a>(
        &self,
        attempt: &Attempt,
        candidates: &'a [Credential],
    ) -> Option<&'a Credential> {
        if candidates.is_empty() {
            self.passwords.verify(attempt.password.clone(), None).await;
        }
        for candidate in candidates {
            let hash = Some(candidate.password_hash.clone());
            if self.passwords.verify(attempt.password.clone(), hash).await {
                return Some(candidate);
            }
        }
        None
    }

    /// Counts a wrong password, for an account that is not there as well.
    async fn wrong_password(
        &self,
        attempt: &Attempt,
        candidates: &[Credential],
    ) -> Result<SignInError, SignInError> {
        if candidates.is_empty() {
            let time = self.options.lock_time;
            self.counts.count(Class::AccountFailures, attempt.email.as_str(), time).await?;
            self.tell(attempt, None, Reason::Unknown).await?;
        }
        for candidate in candidates {
            self.tell(attempt, Some(candidate), Reason::WrongSecret).await?;
            let Credential { tenant_id, user_id, .. } = *candidate;
            self.count_for_account(tenant_id, user_id, &attempt.metadata).await?;
        }
        self.count_for_address(attempt.address, &attempt.metadata).await?;
        Ok(SignInError::Refused)
    }

    async fn take_seat(
        &self,
        verified: &Verified,
        session: LoginSessionId,
        ends_oldest: bool,
        metadata: &Metadata,
    ) -> Result<bool, SignInError> {
        let Verified { tenant_id: tenant, user_id: user, .. } = *verified;
        let seats_max = self.options.login_sessions_max;
        if self.seats.take(tenant, user, session, seats_max).await? {
            return Ok(true);
        }
        let (mut over, mut oldest) = (vec![], None);
        for seat in self.seats.of(tenant, user).await? {
            let id = seat.login_session();
            let is_over = match self.executor.load::<LoginSession>(tenant, id.0).await? {
                LoginSession::Active(active) => {
                    !active.is_good(verified.epochs, self.options.terms, self.now())
                }
                LoginSession::Revoked => true,
                LoginSession::Absent => seat.is_settled,
            };
            if is_over {
                over.push(id);
            } else {
                oldest = oldest.or(Some(id));
            }
        }
        if over.is_empty()
            && ends_oldest
            && let Some(id) = oldest
        {
            let reason = RevocationReason::SessionLimit;
            let command = Command::Revoke { reason, now: self.now() };
            let ended =
                self.executor.execute::<LoginSession>(tenant, id.0, command, metadata.clone());
            ended.await?;
            over.push(id);
        }
        self.seats.give_up(&over).await?;
        Ok(self.seats.take(tenant, user, session, seats_max).await?)
    }

    async fn tell(
        &self,
        attempt: &Attempt,
        credential: Option<&Credential>,
        reason: Reason,
    ) -> Result<(), SignInError> {
        let told = Told {
            tenant: credential.map_or(TenantId::PLATFORM, |credential| credential.tenant_id),
            means: Means::Password,
            reason,
            email: Some(attempt.email.clone()),
            user: credential.map(|credential| credential.user_id),
            subject: None,
        };
        Ok(self.refusals.tell(told, attempt.metadata.clone()).await?)
    }
}

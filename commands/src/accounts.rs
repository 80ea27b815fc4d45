//! Making tenants and users, and their passwords.
//!
//! A user's e-mail address is reserved where credentials are kept, and then the user is appended to the log. If the
//! process dies in between, the next attempt finds an address whose user never came to be, and goes on with it.

use domain::access::Role;
use domain::email::EmailAddress;
use domain::id::{TenantId, UserId};
use domain::phone::Country;
use domain::ports::event_log::{LogError, Metadata};
use domain::stream::Position;
use domain::tenant::{self, Tenant, TenantName};
use domain::user::event::PasswordChange;
use domain::user::{self, Authority, Change, User};
use secrecy::SecretString;
use sqlx::PgPool;

use crate::credentials::{Credential, Credentials, NO_PASSWORD};
use crate::executor::{CommandError, Executed, Executor};
use crate::mail::tokens::MailedTokens;
use crate::passwords::{PasswordError, Passwords};

/// Makes tenants and users.
#[derive(Clone)]
pub struct Accounts {
    executor: Executor,
    credentials: Credentials,
    links: MailedTokens,
    passwords: Passwords,
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Of which tenant.
    pub tenant_id: TenantId,
    /// Signs in with it.
    pub email: EmailAddress,
    /// Signs in with it; none: they are invited, and choose it themselves.
    pub password: Option<SecretString>,
    /// What they are in the tenant.
    pub role: Role,
}

/// Something that was made.
#[derive(Debug, Clone, Copy)]
pub struct Made<Id> {
    /// Its id.
    pub id: Id,
    /// Its event's place in the log.
    pub position: Position,
}

/// Why a tenant or a user was not made.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Nobody has made the tenant.
    #[error("there is no tenant {0}")]
    NoSuchTenant(TenantId),
    /// Somebody signs in with the address already.
    #[error("the tenant has a user with this e-mail address already")]
    EmailTaken,
    /// There is no such user.
    #[error("there is no such user")]
    NoSuchUser,
    /// The old password is another.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The password is of no use.
    #[error("the password {0}")]
    Password(#[from] PasswordError),
    /// The credentials could not be kept.
    #[error("the credentials could not be kept")]
    Credentials(#[from] sqlx::Error),
    /// The log could not be read.
    #[error("the event log could not be read")]
    Log(#[from] LogError),
    /// The tenant's stream refuses it.
    #[error("the tenant could not be made")]
    Tenant(#[from] CommandError<tenant::Rejection>),
    /// The user's stream refuses it.
    #[error("the user could not be made")]
    User(#[from] CommandError<user::Rejection>),
}

impl Accounts {
    /// In this database and this log.
    pub fn new(pool: PgPool, executor: Executor, passwords: Passwords) -> Self {
        let (credentials, links) = (Credentials::new(pool.clone()), MailedTokens::new(pool));
        Self { executor, credentials, links, passwords }
    }

    /// Makes a tenant.
    pub async fn create_tenant(
        &self,
        name: TenantName,
        default_country: Option<Country>,
        metadata: Metadata,
    ) -> Result<Made<TenantId>, AccountError> {
        let ambient = self.executor.ambient();
        let id = TenantId(self.executor.new_id(&metadata, "tenant"));
        let command = tenant::Command::Create { name, default_country, now: ambient.now() };
        let made = self.executor.execute::<Tenant>(id, id.0, command, metadata).await?;
        Ok(Made { id, position: made.position })
    }

    /// Makes a user of a tenant.
    pub async fn create_user(
        &self,
        new: NewUser,
        by: Authority,
        metadata: Metadata,
    ) -> Result<Made<UserId>, AccountError> {
        let NewUser { tenant_id: tenant, email, password, role } = new;
        if self.executor.load::<Tenant>(tenant, tenant.0).await? == Tenant::Absent {
            return Err(AccountError::NoSuchTenant(tenant));
        }
        let credential = Credential {
            tenant_id: tenant,
            user_id: UserId(self.executor.new_id(&metadata, "user")),
            email: email.clone(),
            password_hash: self.hash(password).await?,
        };
        let user = self.credentials.reserve(&credential).await?;
        if user != credential.user_id {
            if let Some(made) = self.executor.done::<User>(tenant, user.0, &metadata).await? {
                return Ok(Made { id: user, position: made.position });
            }
            if self.executor.load::<User>(tenant, user.0).await? != User::Absent {
                return Err(AccountError::EmailTaken);
            }
            self.credentials.set_password(user, &credential.password_hash).await?;
        }
        let now = self.executor.ambient().now();
        let command = user::Command::Create { email, role, by, now };
        let made = self.executor.execute::<User>(tenant, user.0, command, metadata).await?;
        Ok(Made { id: user, position: made.position })
    }

    async fn hash(&self, password: Option<SecretString>) -> Result<String, PasswordError> {
        match password {
            Some(password) => self.passwords.hash(password).await,
            None => Ok(NO_PASSWORD.to_owned()),
        }
    }

    /// Gives a user another password. Links to one are void, and their login sessions end, first: should the process die
    /// in between, nobody who knew the old password, or had such a link, gets on with it.
    pub async fn set_password(
        &self,
        (tenant, user): (TenantId, UserId),
        password: SecretString,
        how: PasswordChange,
        by: Authority,
        metadata: Metadata,
    ) -> Result<Executed<user::event::Event>, AccountError> {
        let hash = self.passwords.hash(password).await?;
        self.links.void_passwords(user).await?;
        let now = self.executor.ambient().now();
        let command = user::Command::Change { change: Change::Password(how), by, now };
        let executed = self.executor.execute::<User>(tenant, user.0, command, metadata).await?;
        self.credentials.set_password(user, &hash).await?;
        Ok(executed)
    }

    /// Whether this is the user's password.
    pub async fn require_password(
        &self,
        tenant: TenantId,
        user: UserId,
        password: SecretString,
    ) -> Result<(), AccountError> {
        let hash = self.credentials.hash_of(tenant, user).await?;
        if self.passwords.verify(password, hash).await {
            return Ok(());
        }
        Err(AccountError::WrongPassword)
    }
}

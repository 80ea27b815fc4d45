//! Clients: registered, given another secret, revoked, and found by what a request shows.
//!
//! The event comes first. A client whose registration was cut short is known and has no secret yet; it is put right by
//! giving it another.

use chrono::{DateTime, Utc};
use domain::access::permissions::Permissions;
use domain::id::{ClientId, TenantId};
use domain::label::Label;
use domain::oauth_client::event::Registered;
use domain::oauth_client::{Command, OAuthClient, Registration, Rejection};
use domain::ports::event_log::{LogError, Metadata};
use domain::stream::Position;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::executor::{CommandError, Executor};
use crate::opaque_secret::{OpaqueSecret, SecretHash, stored_hash};

/// Every tenant's OAuth2 clients.
#[derive(Clone)]
pub struct OAuthClients {
    pool: PgPool,
    executor: Executor,
}

/// A client that is not revoked.
#[derive(Debug, Clone)]
pub struct KnownClient {
    /// Which.
    pub id: ClientId,
    /// Whose.
    pub tenant_id: TenantId,
    /// What is known of it.
    pub registration: Registration,
    hash: Option<SecretHash>,
    previous: Option<(SecretHash, DateTime<Utc>)>,
}

/// Why a client was not found, registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client refuses it.
    #[error(transparent)]
    Command(#[from] CommandError<Rejection>),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl KnownClient {
    /// Whether this is its secret now.
    pub fn has_secret(&self, secret: &OpaqueSecret, now: DateTime<Utc>) -> bool {
        let is_previous = self.previous.is_some_and(|(hash, end)| now < end && hash.is_of(secret));
        self.hash.is_some_and(|hash| hash.is_of(secret)) || is_previous
    }
}

impl OAuthClients {
    /// In this database and this log.
    pub fn new(pool: PgPool, executor: Executor) -> Self {
        Self { pool, executor }
    }

    /// Makes a client known that may ask for `registered.scopes`, all of which whoever registers it `holds`.
    pub async fn register(
        &self,
        tenant: TenantId,
        registered: Registered,
        holds: Permissions,
        secret: Option<&OpaqueSecret>,
        metadata: Metadata,
    ) -> Result<(ClientId, Position), ClientError> {
        let id = self.executor.new_id(&metadata, "client");
        let id = ClientId(id);
        let command = Command::Register { registered, holds };
        let executed = self.executor.begin::<OAuthClient>(tenant, id.0, command, metadata).await?;
        self.keep(tenant, id, secret, None).await?;
        Ok((id, executed.position))
    }

    /// Gives a client another secret; the present one is good until `old_good_until`.
    pub async fn rotate_secret(
        &self,
        tenant: TenantId,
        id: ClientId,
        secret: &OpaqueSecret,
        old_good_until: DateTime<Utc>,
        metadata: Metadata,
    ) -> Result<Position, ClientError> {
        let command = Command::RotateSecret { old_good_until, now: self.executor.ambient().now() };
        let executed =
            self.executor.execute::<OAuthClient>(tenant, id.0, command, metadata).await?;
        self.keep(tenant, id, Some(secret), Some(old_good_until)).await?;
        Ok(executed.position)
    }

    /// Makes a client unknown, on every process at once.
    pub async fn revoke(
        &self,
        tenant: TenantId,
        id: ClientId,
        reason: Option<Label>,
        metadata: Metadata,
    ) -> Result<Position, CommandError<Rejection>> {
        let command = Command::Revoke { reason, now: self.executor.ambient().now() };
        Ok(self.executor.execute::<OAuthClient>(tenant, id.0, command, metadata).await?.position)
    }

    /// The client with this id, whosever it is, unless it is revoked.
    pub async fn find(&self, id: ClientId) -> Result<Option<KnownClient>, ClientError> {
        let row = sqlx::query(
            "select tenant_id, secret_hash, previous_hash, previous_good_until
             from oauth_client_secrets where client_id = $1",
        )
        .bind(id.0)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let tenant_id = TenantId(row.try_get::<Uuid, _>("tenant_id")?);
        let Some(registration) = self.registration(tenant_id, id).await? else { return Ok(None) };
        Ok(Some(KnownClient {
            id,
            tenant_id,
            registration,
            hash: stored_hash(&row, "secret_hash")?,
            previous: stored_hash(&row, "previous_hash")?.zip(row.try_get("previous_good_until")?),
        }))
    }

    /// What is known of a tenant's client, unless it is revoked.
    async fn registration(
        &self,
        tenant: TenantId,
        id: ClientId,
    ) -> Result<Option<Registration>, LogError> {
        Ok(match self.executor.load::<OAuthClient>(tenant, id.0).await? {
            OAuthClient::Active(registration) => Some(registration),
            OAuthClient::Absent | OAuthClient::Revoked => None,
        })
    }

    /// What of these permissions a client has now that was given a token with them; none if it is revoked.
    pub async fn permitted(
        &self,
        tenant: TenantId,
        id: ClientId,
        given: Permissions,
    ) -> Result<Option<Permissions>, LogError> {
        let registration = self.registration(tenant, id).await?;
        Ok(registration.map(|registration| given.and(registration.scopes)))
    }

    /// Whose client this is, revoked or not.
    pub async fn tenant_of(&self, id: ClientId) -> Result<Option<TenantId>, sqlx::Error> {
        let tenant: Option<Uuid> =
            sqlx::query_scalar("select tenant_id from oauth_client_secrets where client_id = $1")
                .bind(id.0)
                .fetch_optional(&self.pool)
                .await?;
        Ok(tenant.map(TenantId))
    }

    async fn keep(
        &self,
        tenant: TenantId,
        id: ClientId,
        secret: Option<&OpaqueSecret>,
        old_good_until: Option<DateTime<Utc>>,
    ) -> Result<(), sqlx::Error> {
        let hash = secret.map(OpaqueSecret::hash);
        sqlx::query(
            "insert into oauth_client_secrets (client_id, tenant_id, secret_hash)
             values ($1, $2, $3)
             on conflict (client_id) do update set
                 previous_hash = oauth_client_secrets.secret_hash, previous_good_until = $4,
                 secret_hash = excluded.secret_hash",
        )
        .bind(id.0)
        .bind(tenant.0)
        .bind(hash.as_ref().map(SecretHash::as_bytes))
        .bind(old_good_until)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

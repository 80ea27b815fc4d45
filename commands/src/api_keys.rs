//! API keys: made, given another secret, revoked, and found by what a request shows.
//!
//! What a key opens is events; its secret is not in the log: table `api_key_secrets` keeps its hash. The event comes
//! first. A key whose making was cut short opens nothing, is listed, and is put right by giving it another secret.

pub mod text;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::permissions::Permissions;
use domain::api_key::event::{Created, Event};
use domain::api_key::{ApiKey, Command, KeyPrefix, Rejection};
use domain::id::{ApiKeyId, TenantId};
use domain::label::Label;
use domain::ports::event_log::Metadata;
use domain::stream::Position;
use quick_cache::sync::Cache;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::executor::{CommandError, Executor};
use crate::opaque_secret::{OpaqueSecret, SecretHash, stored_hash};
use text::KeyText;

/// How exactly it is known when a key was last used.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Keys whose last noted use is remembered.
const USES_MAX: usize = 10_000;

/// Every tenant's API keys.
#[derive(Clone)]
pub struct ApiKeys {
    pool: PgPool,
    executor: Executor,
    noted_uses: Arc<Cache<ApiKeyId, DateTime<Utc>>>,
}

/// What is kept of a key.
#[derive(Debug, Clone)]
pub struct KeptKey {
    /// Which.
    pub key_id: ApiKeyId,
    /// Whose.
    pub tenant_id: TenantId,
    hash: SecretHash,
    /// The secret before, and until when it is good.
    previous: Option<(SecretHash, DateTime<Utc>)>,
}

/// Why a key was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The key refuses it.
    #[error(transparent)]
    Command(#[from] CommandError<Rejection>),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl KeptKey {
    /// Whether this secret opens it now.
    pub fn is_opened_by(&self, secret: &OpaqueSecret, now: DateTime<Utc>) -> bool {
        let is_previous = self.previous.is_some_and(|(hash, end)| now < end && hash.is_of(secret));
        self.hash.is_of(secret) || is_previous
    }
}

impl ApiKeys {
    /// In this database and this log.
    pub fn new(pool: PgPool, executor: Executor) -> Self {
        Self { pool, executor, noted_uses: Arc::new(Cache::new(USES_MAX)) }
    }

    /// Makes a key that opens `created.scopes`, all of which its maker `holds`.
    pub async fn create(
        &self,
        tenant: TenantId,
        created: Created,
        holds: Permissions,
        secret: &OpaqueSecret,
        metadata: Metadata,
    ) -> Result<(ApiKeyId, Position), ApiKeyError> {
        let id = self.executor.new_id(&metadata, "api_key");
        let (id, prefix) = (ApiKeyId(id), created.prefix.clone());
        let command = Command::Create { created, holds };
        let executed = self.executor.begin::<ApiKey>(tenant, id.0, command, metadata).await?;
        // A request that is carried out again finds the key it made, with the prefix it had then.
        let made = executed.events.iter().find_map(|event| match event {
            Event::Created(created) => Some(&created.prefix),
            Event::Rotated(_) | Event::Revoked(_) => None,
        });
        self.keep(tenant, id, made.unwrap_or(&prefix), secret, None).await?;
        Ok((id, executed.position))
    }

    /// Gives a key another secret; the present one is good until `old_good_until`.
    pub async fn rotate(
        &self,
        tenant: TenantId,
        id: ApiKeyId,
        key: &KeyText,
        old_good_until: DateTime<Utc>,
        metadata: Metadata,
    ) -> Result<Position, ApiKeyError> {
        let command = Command::Rotate { old_good_until, now: self.executor.ambient().now() };
        let executed = self.executor.execute::<ApiKey>(tenant, id.0, command, metadata).await?;
        self.keep(tenant, id, &key.prefix, &key.secret, Some(old_good_until)).await?;
        Ok(executed.position)
    }

    /// Makes a key useless, on every process at once.
    pub async fn revoke(
        &self,
        tenant: TenantId,
        id: ApiKeyId,
        reason: Option<Label>,
        metadata: Metadata,
    ) -> Result<Position, CommandError<Rejection>> {
        let command = Command::Revoke { reason, now: self.executor.ambient().now() };
        Ok(self.executor.execute::<ApiKey>(tenant, id.0, command, metadata).await?.position)
    }

    /// What is kept of the key with this prefix.
    pub async fn find(&self, prefix: &KeyPrefix) -> Result<Option<KeptKey>, sqlx::Error> {
        let row = sqlx::query(
            "select key_id, tenant_id, secret_hash, previous_hash, previous_good_until
             from api_key_secrets where prefix = $1",
        )
        .bind(prefix.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(kept).transpose()
    }

    /// Whose key this is.
    pub async fn tenant_of(&self, id: ApiKeyId) -> Result<Option<TenantId>, sqlx::Error> {
        let tenant: Option<Uuid> =
            sqlx::query_scalar("select tenant_id from api_key_secrets where key_id = $1")
                .bind(id.0)
                .fetch_optional(&self.pool)
                .await?;
        Ok(tenant.map(TenantId))
    }

    /// Notes that a key is used, once a minute at most.
    pub async fn note_use(&self, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        if self.noted_uses.get(&id).is_some_and(|noted| now < noted + USE_NOTED_EVERY) {
            return Ok(());
        }
        self.noted_uses.insert(id, now);
        sqlx::query(
            "update api_key_secrets set last_used_at = greatest(last_used_at, $2) where key_id = $1",
        )
        .bind(id.0)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// When each of these keys of a tenant was last used, as far as it was.
    pub async fn last_uses(
        &self,
        tenant: TenantId,
        ids: &[ApiKeyId],
    ) -> Result<Vec<(ApiKeyId, DateTime<Utc>)>, sqlx::Error> {
        let rows = sqlx::query(
            "select key_id, last_used_at from api_key_secrets
             where tenant_id = $1 and key_id = any($2) and last_used_at is not null",
        )
        .bind(tenant.0)
        .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok((ApiKeyId(row.try_get::<Uuid, _>("key_id")?), row.try_get("last_used_at")?))
            })
            .collect()
    }

    async fn keep(
        &self,
        tenant: TenantId,
        id: ApiKeyId,
        prefix: &KeyPrefix,
        secret: &OpaqueSecret,
        old_good_until: Option<DateTime<Utc>>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into api_key_secrets (key_id, tenant_id, prefix, secret_hash)
             values ($1, $2, $3, $4)
             on conflict (key_id) do update set
                 previous_hash = api_key_secrets.secret_hash, previous_good_until = $5,
                 secret_hash = excluded.secret_hash",
        )
        .bind(id.0)
        .bind(tenant.0)
        .bind(prefix.as_str())
        .bind(secret.hash().as_bytes())
        .bind(old_good_until)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn kept(row: &sqlx::postgres::PgRow) -> Result<KeptKey, sqlx::Error> {
    let previous = stored_hash(row, "previous_hash")?.zip(row.try_get("previous_good_until")?);
    Ok(KeptKey {
        key_id: ApiKeyId(row.try_get::<Uuid, _>("key_id")?),
        tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
        hash: stored_hash(row, "secret_hash")?.ok_or(sqlx::Error::RowNotFound)?,
        previous,
    })
}

//! The tokens in mails: the table `mailed_tokens`.

use chrono::{DateTime, Utc};
use domain::id::{TenantId, UserId};
use domain::refusal::Reason;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::Purpose;
use crate::opaque_secret::OpaqueSecret;

/// Tokens of the past that are removed whenever one is made.
const SWEPT_MAX: i64 = 100;

/// The tokens in mails.
#[derive(Clone)]
pub struct MailedTokens {
    pool: PgPool,
}

/// Why a token is not taken, and whose it was, if that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTaken {
    pub(crate) reason: Reason,
    pub(crate) owner: Option<(TenantId, UserId)>,
}

impl MailedTokens {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Makes a token good; those made before for the same purpose are void.
    pub(crate) async fn issue(
        &self,
        token: &OpaqueSecret,
        purpose: Purpose,
        (tenant, user): (TenantId, UserId),
        expires_at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "delete from mailed_tokens where user_id = $1 and purpose = $2 and used_at is null",
        )
        .bind(user.0)
        .bind(purpose.as_str())
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "insert into mailed_tokens (token_hash, purpose, tenant_id, user_id, expires_at)
             values ($1, $2, $3, $4, $5)",
        )
        .bind(token.hash().as_bytes())
        .bind(purpose.as_str())
        .bind(tenant.0)
        .bind(user.0)
        .bind(expires_at)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "delete from mailed_tokens where token_hash in (
                 select token_hash from mailed_tokens where expires_at < now() - interval '30 days'
                 order by expires_at limit $1 for update skip locked)",
        )
        .bind(SWEPT_MAX)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Links to a user's password are good no more: there is another.
    pub(crate) async fn void_passwords(&self, user: UserId) -> Result<(), sqlx::Error> {
        sqlx::query(
            "delete from mailed_tokens
             where user_id = $1 and purpose = any($2) and used_at is null",
        )
        .bind(user.0)
        .bind([Purpose::PasswordReset, Purpose::Invitation].map(Purpose::as_str))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes a token; of any number at once that show it, one gets it.
    pub(crate) async fn take(
        &self,
        token: &str,
        purpose: Purpose,
    ) -> Result<Result<(TenantId, UserId), NotTaken>, sqlx::Error> {
        let unknown = NotTaken { reason: Reason::Unknown, owner: None };
        let Some(token) = OpaqueSecret::parse(token) else { return Ok(Err(unknown)) };
        let hash = token.hash();
        let row = sqlx::query(
            "update mailed_tokens set used_at = now()
             where token_hash = $1 and purpose = $2 and used_at is null and expires_at > now()
             returning tenant_id, user_id",
        )
        .bind(hash.as_bytes())
        .bind(purpose.as_str())
        .fetch_optional(&self.pool)
        .await?;
        if let Some(row) = row {
            let (tenant, user): (Uuid, Uuid) = (row.try_get("tenant_id")?, row.try_get("user_id")?);
            return Ok(Ok((TenantId(tenant), UserId(user))));
        }
        let row = sqlx::query(
            "select tenant_id, user_id, purpose, used_at is not null as is_used
             from mailed_tokens where token_hash = $1",
        )
        .bind(hash.as_bytes())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(Err(unknown)) };
        let (tenant, user): (Uuid, Uuid) = (row.try_get("tenant_id")?, row.try_get("user_id")?);
        let (known, is_used): (String, bool) = (row.try_get("purpose")?, row.try_get("is_used")?);
        let reason = if known != purpose.as_str() {
            Reason::OutOfScope
        } else if is_used {
            Reason::Reused
        } else {
            Reason::Expired
        };
        Ok(Err(NotTaken { reason, owner: Some((TenantId(tenant), UserId(user))) }))
    }
}

//! The key each session's webhooks are signed with. A secret, so not in the log.
//!
//! The table also decides to whom a session's name belongs: it is reserved here first, and then the session
//! is created in the log. If the process dies in between, the next attempt finds the reservation and goes
//! on with the ids in it.

use domain::id::{SessionId, TenantId};
use domain::session::SessionName;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// The keys of every session.
#[derive(Clone)]
pub struct SessionKeys {
    pool: PgPool,
}

/// One session's key.
#[derive(Debug, Clone)]
pub struct SessionKey {
    /// Whose session.
    pub tenant_id: TenantId,
    /// Which session.
    pub session_id: SessionId,
    /// WAHA's name for it.
    pub waha_session: String,
    /// What its webhooks are signed with.
    pub secret: SecretString,
}

impl SessionKeys {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Reserves a name; answers the reservation that stands, which may be an older one.
    pub async fn reserve(
        &self,
        tenant: TenantId,
        name: &SessionName,
        session: SessionId,
        waha_session: &str,
        secret: &SecretString,
    ) -> Result<SessionKey, sqlx::Error> {
        let row = sqlx::query(
            "insert into session_keys (session_id, tenant_id, name, waha_session, webhook_secret)
             values ($1, $2, $3, $4, $5)
             on conflict (tenant_id, name) do update set name = excluded.name
             returning session_id, tenant_id, waha_session, webhook_secret",
        )
        .bind(session.0)
        .bind(tenant.0)
        .bind(name.as_str())
        .bind(waha_session)
        .bind(secret.expose_secret())
        .fetch_one(&self.pool)
        .await?;
        session_key(&row)
    }

    /// The key of the session WAHA calls by this name.
    pub async fn find(&self, waha_session: &str) -> Result<Option<SessionKey>, sqlx::Error> {
        let query = sqlx::query(
            "select session_id, tenant_id, waha_session, webhook_secret from session_keys
             where waha_session = $1",
        );
        query
            .bind(waha_session)
            .fetch_optional(&self.pool)
            .await?
            .as_ref()
            .map(session_key)
            .transpose()
    }

    /// The key of a session.
    pub async fn get(&self, session: SessionId) -> Result<Option<SessionKey>, sqlx::Error> {
        let query = sqlx::query(
            "select session_id, tenant_id, waha_session, webhook_secret from session_keys
             where session_id = $1",
        );
        query
            .bind(session.0)
            .fetch_optional(&self.pool)
            .await?
            .as_ref()
            .map(session_key)
            .transpose()
    }

    /// Frees a deleted session's name.
    pub async fn release(&self, session: SessionId) -> Result<(), sqlx::Error> {
        sqlx::query("delete from session_keys where session_id = $1")
            .bind(session.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn session_key(row: &sqlx::postgres::PgRow) -> Result<SessionKey, sqlx::Error> {
    Ok(SessionKey {
        tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
        session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
        waha_session: row.try_get("waha_session")?,
        secret: row.try_get::<String, _>("webhook_secret")?.into(),
    })
}

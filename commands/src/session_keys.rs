//! The key each session's webhooks are signed with. A secret, so not in the log.
//!
//! The table also decides to whom a session's name belongs, and on which WAHA server it has its place: both are
//! reserved here first, and then the session is created in the log, or moved. If the process dies in between, the next
//! attempt finds the reservation and goes on with what is in it.

pub mod placing;

use domain::id::{SessionId, TenantId};
use domain::session::SessionName;
use domain::waha_server::name::ServerName;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::sagas::delivery::servers::server_name;
use placing::{PlacingError, Wanted};

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
    /// The WAHA server it has its place on.
    pub server: ServerName,
    /// What its webhooks are signed with.
    pub secret: SecretString,
}

impl SessionKeys {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Reserves a name, and a place on a WAHA server; answers the reservation that stands, which may be an older one.
    pub async fn reserve(
        &self,
        tenant: TenantId,
        name: &SessionName,
        session: SessionId,
        waha_session: &str,
        secret: &SecretString,
    ) -> Result<SessionKey, PlacingError> {
        let mut transaction = self.pool.begin().await?;
        placing::lock(&mut transaction).await?;
        let reserved = sqlx::query(
            "select session_id, tenant_id, waha_session, waha_server, webhook_secret from session_keys
             where tenant_id = $1 and name = $2",
        );
        let reserved = reserved.bind(tenant.0).bind(name.as_str());
        if let Some(row) = reserved.fetch_optional(&mut *transaction).await? {
            return Ok(session_key(&row)?);
        }
        let server = placing::choose(&mut transaction, None).await?;
        let row = sqlx::query(
            "insert into session_keys
                 (session_id, tenant_id, name, waha_session, webhook_secret, waha_server)
             values ($1, $2, $3, $4, $5, $6)
             returning session_id, tenant_id, waha_session, waha_server, webhook_secret",
        )
        .bind(session.0)
        .bind(tenant.0)
        .bind(name.as_str())
        .bind(waha_session)
        .bind(secret.expose_secret())
        .bind(server.as_str())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(session_key(&row)?)
    }

    /// Takes the place that is wanted, unless the session has it already, and gives up the one it has. Whoever does not
    /// then say so in the log has done nothing but count it there: the session still counts as being where it was, too.
    pub async fn take_place(
        &self,
        session: SessionId,
        wanted: Wanted<'_>,
    ) -> Result<ServerName, PlacingError> {
        let mut transaction = self.pool.begin().await?;
        placing::lock(&mut transaction).await?;
        let row = sqlx::query("select waha_server from session_keys where session_id = $1")
            .bind(session.0)
            .fetch_optional(&mut *transaction)
            .await?;
        let current = server_name(&row.ok_or(PlacingError::NoSuchSession)?, "waha_server")?;
        let server = match wanted {
            Wanted::On(server) if *server == current => return Ok(current),
            Wanted::OtherThan(server) if *server != current => return Ok(current),
            Wanted::On(server) => {
                placing::require_room(&mut transaction, server).await?;
                server.clone()
            }
            Wanted::OtherThan(server) => placing::choose(&mut transaction, Some(server)).await?,
        };
        sqlx::query("update session_keys set waha_server = $2 where session_id = $1")
            .bind(session.0)
            .bind(server.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(server)
    }

    /// The sessions that are on a server, or have their place there, at most `limit`.
    pub async fn on_server(
        &self,
        server: &ServerName,
        limit: i64,
    ) -> Result<Vec<SessionKey>, sqlx::Error> {
        let rows = sqlx::query(
            "select session_id, tenant_id, waha_session, waha_server, webhook_secret from session_keys
             where session_id in (select session_id from placed_sessions where waha_server = $1)
             order by session_id limit $2",
        )
        .bind(server.as_str())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(session_key).collect()
    }

    /// The key of the session WAHA calls by this name.
    pub async fn find(&self, waha_session: &str) -> Result<Option<SessionKey>, sqlx::Error> {
        let query = sqlx::query(
            "select session_id, tenant_id, waha_session, waha_server, webhook_secret from session_keys
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
            "select session_id, tenant_id, waha_session, waha_server, webhook_secret from session_keys
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
        server: server_name(row, "waha_server")?,
        secret: row.try_get::<String, _>("webhook_secret")?.into(),
    })
}

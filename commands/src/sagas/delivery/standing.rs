//! How the sessions stand, as events tell: table `delivery_sessions`, its pace excepted.

use domain::id::{SessionId, TenantId};
use domain::sagas::delivery::SessionChange;
use domain::session::health::SuspicionCause;
use domain::session::status::SessionStatus;
use domain::waha_server::name::ServerName;
use domain::whatsapp::Engine;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::servers::server_name;

/// The status of a session that is gone; kept until its messages are given up.
const DELETED: &str = "DELETED";
/// Most sessions of a server that are compared with it in one round.
const SESSIONS_MAX: i64 = 10_000;
/// Most ailing sessions looked at in one round.
const AILING_MAX: i64 = 500;

/// What events do to sessions. Rare, so one statement each.
pub(super) async fn apply(
    connection: &mut PgConnection,
    changes: &[(TenantId, SessionId, SessionChange)],
) -> Result<(), sqlx::Error> {
    for (tenant, session, change) in changes {
        let statement = match change {
            SessionChange::Open { waha_session } => sqlx::query(
                "insert into delivery_sessions (session_id, tenant_id, waha_session, status)
                 values ($1, $2, $3, $4) on conflict (session_id) do nothing",
            )
            .bind(session.0)
            .bind(tenant.0)
            .bind(waha_session)
            .bind(SessionStatus::Starting.as_str()),
            // A session that is moved does not work until it is told to, so what it is to send waits.
            SessionChange::Place { server, moved_at } => sqlx::query(
                "update delivery_sessions
                 set waha_server = $2, moved_at = coalesce($3, moved_at),
                     status = case when $3 is null then status else $4 end
                 where session_id = $1",
            )
            .bind(session.0)
            .bind(server.as_str())
            .bind(moved_at)
            .bind(SessionStatus::Starting.as_str()),
            SessionChange::Report { status, engine } => sqlx::query(
                "update delivery_sessions
                 set status = $2, engine = coalesce($3, engine),
                     working_since = case when $2 = $4 and status <> $4 then now() else working_since end
                 where session_id = $1",
            )
            .bind(session.0)
            .bind(status.as_str())
            .bind(engine.map(Engine::as_str))
            .bind(SessionStatus::Working.as_str()),
            SessionChange::LockReachOut(until) => sqlx::query(
                "update delivery_sessions set reach_out_locked_until = $2 where session_id = $1",
            )
            .bind(session.0)
            .bind(until),
            SessionChange::SetQueueMode(mode) => {
                sqlx::query("update delivery_sessions set queue_mode = $2 where session_id = $1")
                    .bind(session.0)
                    .bind(mode.as_str())
            }
            SessionChange::Suspect(cause) => {
                sqlx::query("update delivery_sessions set suspicion = $2 where session_id = $1")
                    .bind(session.0)
                    .bind(cause.map(SuspicionCause::as_str))
            }
            SessionChange::Close => {
                sqlx::query("update delivery_sessions set status = $2 where session_id = $1")
                    .bind(session.0)
                    .bind(DELETED)
            }
        };
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

/// A session as it is known here.
pub(in super::super) struct KnownSession {
    pub(in super::super) tenant_id: TenantId,
    pub(in super::super) session_id: SessionId,
    pub(in super::super) waha_session: String,
    pub(in super::super) server: ServerName,
    pub(in super::super) status: String,
}

/// The sessions WAHA calls by these names, deleted ones left out.
pub(in super::super) async fn named(
    pool: &PgPool,
    waha_names: &[&str],
) -> Result<Vec<KnownSession>, sqlx::Error> {
    let rows = sqlx::query(
        "select session_id, tenant_id, waha_session, waha_server, status from delivery_sessions
         where waha_session = any($1) and status <> $2",
    )
    .bind(waha_names)
    .bind(DELETED)
    .fetch_all(pool)
    .await?;
    rows.iter().map(known).collect()
}

/// The sessions that work on a server, by what is known here.
pub(in super::super) async fn working_on(
    pool: &PgPool,
    server: &ServerName,
) -> Result<Vec<KnownSession>, sqlx::Error> {
    let rows = sqlx::query(
        "select session_id, tenant_id, waha_session, waha_server, status from delivery_sessions
         where waha_server = $1 and status = $2 limit $3",
    )
    .bind(server.as_str())
    .bind(SessionStatus::Working.as_str())
    .bind(SESSIONS_MAX)
    .fetch_all(pool)
    .await?;
    rows.iter().map(known).collect()
}

/// A session, unless it is deleted.
pub(in super::super) async fn find(
    pool: &PgPool,
    session: SessionId,
) -> Result<Option<KnownSession>, sqlx::Error> {
    let row = sqlx::query(
        "select session_id, tenant_id, waha_session, waha_server, status from delivery_sessions
         where session_id = $1 and status <> $2",
    )
    .bind(session.0)
    .bind(DELETED)
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(known).transpose()
}

fn known(row: &sqlx::postgres::PgRow) -> Result<KnownSession, sqlx::Error> {
    Ok(KnownSession {
        tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
        session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
        waha_session: row.try_get("waha_session")?,
        server: server_name(row, "waha_server")?,
        status: row.try_get("status")?,
    })
}

/// The sessions that have failed or are suspect.
pub(in super::super) async fn ailing(
    pool: &PgPool,
) -> Result<Vec<(TenantId, SessionId)>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select tenant_id, session_id from delivery_sessions
         where status = $1 or suspicion is not null limit $2",
    )
    .bind(SessionStatus::Failed.as_str())
    .bind(AILING_MAX)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(tenant, session)| (TenantId(tenant), SessionId(session))).collect())
}

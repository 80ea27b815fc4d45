//! The WhatsApp sessions as they are now: the table `sessions`. A deleted one is gone.

mod fold;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{SessionId, TenantId};
use domain::ports::event_log::RecordedEvent;
use domain::stream::Category;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::batch::column;
use crate::page::{Cursor, Listing, Page};
use crate::projector::Projection;
use crate::touched::{self, Key};
use fold::{Known, Session};

/// Writes the sessions.
pub struct Sessions;

#[async_trait]
impl Projection for Sessions {
    fn name(&self) -> &'static str {
        "sessions"
    }

    fn definition(&self) -> &'static [&'static str] {
        &[
            include_str!("../../migrations/20261121030600_sessions.sql"),
            include_str!("../../migrations/20261121040500_locked_sessions.sql"),
            include_str!("../../migrations/20261121050100_session_care_shown.sql"),
            include_str!("../../migrations/20261121070100_placed_sessions.sql"),
            include_str!("../../migrations/20261121070300_logged_out.sql"),
        ]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Session(_))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let touched = touched::keys(events, Category::Session);
        if touched.is_empty() {
            return Ok(());
        }
        let known = fold::fold(load(connection, &touched).await?, events);
        let gone: Vec<_> = touched.into_iter().filter(|key| !known.contains_key(key)).collect();
        let kept: Vec<_> = known.into_values().collect();
        write(connection, &kept).await?;
        delete(connection, &gone).await
    }
}

async fn load(connection: &mut PgConnection, keys: &BTreeSet<Key>) -> Result<Known, sqlx::Error> {
    let rows: Vec<Session> = touched::load(connection, "sessions", keys).await?;
    Ok(rows.into_iter().map(|session| ((session.tenant_id, session.row.id), session)).collect())
}

async fn write(connection: &mut PgConnection, sessions: &[Session]) -> Result<(), sqlx::Error> {
    if sessions.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into sessions (tenant_id, id, name, waha_session, status, engine, phone, pending_action,
             last_error, created_at, updated_at, reach_out_locked_until, queue_mode, suspicion,
             suspected_at, restart_cause, restarted_at, waha_server, logged_out_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
             $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
             $13::text[], $14::text[], $15::timestamptz[], $16::text[], $17::timestamptz[], $18::text[],
             $19::timestamptz[])
         on conflict (tenant_id, id) do update set
             status = excluded.status, engine = excluded.engine, phone = excluded.phone,
             pending_action = excluded.pending_action, last_error = excluded.last_error,
             updated_at = excluded.updated_at,
             reach_out_locked_until = excluded.reach_out_locked_until,
             queue_mode = excluded.queue_mode, suspicion = excluded.suspicion,
             suspected_at = excluded.suspected_at, restart_cause = excluded.restart_cause,
             restarted_at = excluded.restarted_at, waha_server = excluded.waha_server,
             logged_out_at = excluded.logged_out_at",
    )
    .bind(column(sessions, |session| session.tenant_id))
    .bind(column(sessions, |session| session.row.id))
    .bind(column(sessions, |session| session.row.name.as_str()))
    .bind(column(sessions, |session| session.row.waha_session.as_str()))
    .bind(column(sessions, |session| session.row.status.as_str()))
    .bind(column(sessions, |session| session.row.engine.as_deref()))
    .bind(column(sessions, |session| session.row.phone.as_deref()))
    .bind(column(sessions, |session| session.row.pending_action.as_deref()))
    .bind(column(sessions, |session| session.row.last_error.as_deref()))
    .bind(column(sessions, |session| session.row.created_at))
    .bind(column(sessions, |session| session.row.updated_at))
    .bind(column(sessions, |session| session.row.reach_out_locked_until))
    .bind(column(sessions, |session| session.row.queue_mode.as_str()))
    .bind(column(sessions, |session| session.row.suspicion.as_deref()))
    .bind(column(sessions, |session| session.row.suspected_at))
    .bind(column(sessions, |session| session.row.restart_cause.as_deref()))
    .bind(column(sessions, |session| session.row.restarted_at))
    .bind(column(sessions, |session| session.row.waha_server.as_str()))
    .bind(column(sessions, |session| session.row.logged_out_at))
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete(connection: &mut PgConnection, gone: &[Key]) -> Result<(), sqlx::Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let (tenants, ids): (Vec<_>, Vec<_>) = gone.iter().copied().unzip();
    sqlx::query(
        "delete from sessions using unnest($1::uuid[], $2::uuid[]) as gone (tenant_id, id)
         where sessions.tenant_id = gone.tenant_id and sessions.id = gone.id",
    )
    .bind(tenants)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// A session, as clients are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionRow {
    /// Its id.
    pub id: Uuid,
    /// The tenant's name for it.
    pub name: String,
    /// Its status, in WAHA's words.
    pub status: String,
    /// WAHA's name for it.
    pub waha_session: String,
    /// The WAHA server it is on.
    pub waha_server: String,
    /// WAHA's engine, once told.
    pub engine: Option<String>,
    /// The paired number, once told.
    pub phone: Option<String>,
    /// Since when it asks for a new scan though it was paired: it was logged out.
    pub logged_out_at: Option<DateTime<Utc>>,
    /// What is asked and not yet done.
    pub pending_action: Option<String>,
    /// Why what was asked last could not be done.
    pub last_error: Option<String>,
    /// Until when WhatsApp lets it write only to those who wrote to it; may be over.
    pub reach_out_locked_until: Option<DateTime<Utc>>,
    /// What it does with messages: `run`, `hold` or `drain`.
    pub queue_mode: String,
    /// Why it is suspect though it says that it works, if it is; its queue waits.
    pub suspicion: Option<String>,
    /// Since when it is suspect.
    pub suspected_at: Option<DateTime<Utc>>,
    /// Why it was last restarted without anybody asking.
    pub restart_cause: Option<String>,
    /// When that was.
    pub restarted_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When anything was last told of it.
    pub updated_at: DateTime<Utc>,
}

/// One session.
pub(crate) async fn find(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: SessionId,
) -> Result<Option<SessionRow>, sqlx::Error> {
    sqlx::query_as("select * from sessions where tenant_id = $1 and id = $2")
        .bind(tenant.0)
        .bind(id.0)
        .fetch_optional(connection)
        .await
}

/// The sessions, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    page: Page,
) -> Result<Listing<SessionRow>, sqlx::Error> {
    Listing::read(
        connection,
        page,
        "created_at",
        |query| push_selection(query, tenant),
        |row: &SessionRow| Cursor::new(row.created_at, row.id),
    )
    .await
}

fn push_selection(query: &mut QueryBuilder<Postgres>, tenant: TenantId) {
    query.push("from sessions where tenant_id = ").push_bind(tenant.0);
}

#[cfg(test)]
mod tests;

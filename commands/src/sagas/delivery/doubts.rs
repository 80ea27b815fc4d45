//! Messages whose outcome is unknown and which are looked for in WAHA: table `unknown_outcomes`.
//!
//! Filled and emptied by events, like the queue it stands beside; a lease says who looks. A message whose session
//! does not work is not looked for: its chats cannot be seen.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{EngineId, MessageId, SessionId, TenantId};
use domain::sagas::delivery::Look;
use domain::waha_server::name::ServerName;
use domain::whatsapp::{ChatId, WahaMessageId};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::memory::{MessageChange, Then};
use super::servers::server_name;

/// Longer than a look takes: three requests, each with its time-out.
const LEASE_SECONDS: f64 = 180.0;
/// Looks at a time, in one process: sending goes first.
const CONCURRENT_MAX: i64 = 8;
/// Longest wait before a WAHA that was away is asked again.
const RETRY_SECONDS_MAX: f64 = 60.0;

/// A message this process may look for.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub(super) message_id: MessageId,
    pub(super) tenant_id: TenantId,
    pub(super) session_id: SessionId,
    pub(super) chat_id: ChatId,
    pub(super) server: ServerName,
    pub(super) waha_session: String,
    /// If the session was moved to another WAHA server: when.
    pub(super) moved_at: Option<DateTime<Utc>>,
    /// Whether the session is still there.
    pub(super) is_open: bool,
    /// Times WAHA was asked since the last look, this one included.
    pub(super) tries: u32,
}

/// Applies a batch of changes.
pub(super) async fn apply(
    connection: &mut PgConnection,
    changes: &HashMap<MessageId, MessageChange>,
) -> Result<(), sqlx::Error> {
    let settled: Vec<Uuid> =
        changes.iter().filter(|(_, change)| is_settled(change)).map(|(id, _)| id.0).collect();
    let looks: Vec<(Uuid, DateTime<Utc>, bool)> =
        changes.iter().filter_map(|(id, change)| next_look(id.0, change)).collect();
    if !settled.is_empty() {
        sqlx::query("delete from unknown_outcomes where message_id = any($1)")
            .bind(settled)
            .execute(&mut *connection)
            .await?;
    }
    if looks.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into unknown_outcomes (message_id, due_at, is_first)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::boolean[])
         on conflict (message_id) do update set
             due_at = excluded.due_at, is_first = excluded.is_first, tries = 0,
             lease_owner = null, lease_until = null",
    )
    .bind(looks.iter().map(|(id, ..)| *id).collect::<Vec<_>>())
    .bind(looks.iter().map(|(_, due_at, _)| *due_at).collect::<Vec<_>>())
    .bind(looks.iter().map(|(.., is_first)| *is_first).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a message that was in doubt no longer is, or is no longer looked for.
fn is_settled(change: &MessageChange) -> bool {
    change.finish || matches!(change.then, Some(Then::Retry(_) | Then::Park(Look::Never)))
}

fn next_look(id: Uuid, change: &MessageChange) -> Option<(Uuid, DateTime<Utc>, bool)> {
    match change.then? {
        Then::Park(Look::First(since)) => Some((id, since, true)),
        Then::Park(Look::Again(due_at)) => Some((id, due_at, false)),
        Then::Park(Look::Never) | Then::Retry(_) => None,
    }
}

/// A message of ours that nobody knows was seen in the chat: its messages in doubt are looked for at once if they were
/// not yet. Only a look tells whose it is, and a person's own messages must not use the looks up.
pub(in super::super) async fn hurry(
    pool: &PgPool,
    session: SessionId,
    chat: &ChatId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update unknown_outcomes set due_at = now(), is_first = false
         where is_first and lease_owner is null and message_id in (
             select message_id from delivery_jobs
             where session_id = $1 and chat_id = $2 and is_parked)",
    )
    .bind(session.0)
    .bind(&chat.0)
    .execute(pool)
    .await?;
    Ok(())
}

#[derive(Clone)]
pub(super) struct Doubts {
    pool: PgPool,
    first_wait_seconds: f64,
}

impl Doubts {
    /// The first look comes this long after a message became unknown.
    pub(super) fn new(pool: PgPool, first_wait: TimeDelta) -> Self {
        Self { pool, first_wait_seconds: first_wait.as_seconds_f64() }
    }

    /// Claims those that are due.
    pub(super) async fn claim(&self, owner: EngineId) -> Result<Vec<Doubt>, sqlx::Error> {
        let rows = sqlx::query(
            "update unknown_outcomes u
             set lease_owner = $1, lease_until = now() + make_interval(secs => $2), tries = tries + 1
             from delivery_jobs j join delivery_sessions s using (session_id)
             where j.message_id = u.message_id and u.message_id in (
                 select u.message_id from unknown_outcomes u
                 join delivery_jobs j using (message_id)
                 join delivery_sessions s using (session_id)
                 where u.due_at <= now()
                   and u.due_at <= now() - make_interval(secs => case when u.is_first then $3 else 0 end)
                   and (u.lease_until is null or u.lease_until < now())
                   and j.is_parked and s.status in ('WORKING', 'DELETED')
                   and s.waha_server not in (select server from uncalled_servers)
                 order by u.due_at limit $4 for update of u skip locked)
             returning j.message_id, j.tenant_id, j.session_id, j.chat_id, s.waha_server, s.waha_session, s.moved_at,
                       s.status = 'WORKING' as is_open, u.tries",
        )
        .bind(owner.0)
        .bind(LEASE_SECONDS)
        .bind(self.first_wait_seconds)
        .bind(CONCURRENT_MAX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Doubt {
                    message_id: MessageId(row.try_get::<Uuid, _>("message_id")?),
                    tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
                    session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
                    chat_id: ChatId(row.try_get("chat_id")?),
                    server: server_name(row, "waha_server")?,
                    waha_session: row.try_get("waha_session")?,
                    moved_at: row.try_get("moved_at")?,
                    is_open: row.try_get("is_open")?,
                    tries: row.try_get::<i32, _>("tries")?.cast_unsigned(),
                })
            })
            .collect()
    }

    /// Puts a look off: WAHA is away. The wait doubles with every try.
    pub(super) async fn postpone(&self, owner: EngineId, doubt: &Doubt) -> Result<(), sqlx::Error> {
        let wait_seconds = f64::from(1_u32 << doubt.tries.min(10)).min(RETRY_SECONDS_MAX) / 2.0;
        sqlx::query(
            "update unknown_outcomes
             set due_at = now() + make_interval(secs => $3), is_first = false,
                 lease_owner = null, lease_until = null
             where message_id = $1 and lease_owner = $2",
        )
        .bind(doubt.message_id.0)
        .bind(owner.0)
        .bind(wait_seconds)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The chat's other messages that may have been sent, at most `limit`: those in doubt, and one that is on its way.
    pub(super) async fn rivals(
        &self,
        doubt: &Doubt,
        limit: i64,
    ) -> Result<Vec<MessageId>, sqlx::Error> {
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "select message_id from delivery_jobs
             where session_id = $1 and chat_id = $2 and message_id <> $3
               and (is_parked or is_head and lease_owner is not null)
             limit $4",
        )
        .bind(doubt.session_id.0)
        .bind(&doubt.chat_id.0)
        .bind(doubt.message_id.0)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().map(MessageId).collect())
    }

    /// Which of these ids are other messages'.
    pub(super) async fn claimed(
        &self,
        doubt: &Doubt,
        ids: &[&WahaMessageId],
    ) -> Result<Vec<WahaMessageId>, sqlx::Error> {
        let ids: Vec<String> = sqlx::query_scalar(
            "select waha_message_id from message_identities
             where session_id = $1 and waha_message_id = any($2) and message_id <> $3",
        )
        .bind(doubt.session_id.0)
        .bind(ids.iter().map(|id| id.0.as_str()).collect::<Vec<_>>())
        .bind(doubt.message_id.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().map(WahaMessageId).collect())
    }
}

//! When each session was last heard, and what is suspected: table `session_hearing`.
//!
//! A suspicion freezes what was heard last: webhooks that come once WAHA is back say nothing of those before them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::id::{EngineId, SessionId, TenantId};
use domain::ports::event_log::RecordedEvent;
use domain::ports::waha::SessionAddress;
use domain::session::event::{Event as SessionEvent, StatusChanged};
use domain::session::status::SessionStatus;
use domain::waha_server::name::ServerName;
use domain::webhook;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::GapOptions;
use crate::sagas::delivery::servers::server_name;

/// Longer than it takes to look at a chat, as a rule; a repair that is made twice does no harm.
const LEASE_SECONDS: f64 = 60.0;
/// Repairs at a time, in one process: sending goes first.
const CONCURRENT_MAX: i64 = 4;
/// Longest wait before a WAHA that was away is asked again.
const RETRY_SECONDS_MAX: f64 = 300.0;
/// What was heard is noted only if it is so much later than what is noted: most webhooks cost nothing.
const NOTED_EVERY_SECONDS: f64 = 5.0;
/// What WAHA says of the session itself begins with this, and is no sign that nothing was missed.
const OF_SESSION: &str = "session.";

#[derive(Clone)]
pub(in super::super) struct Hearing {
    pool: PgPool,
    options: GapOptions,
}

/// A session that may have missed something, to be looked into by this process.
#[derive(Debug, Clone)]
pub(super) struct Suspicion {
    pub(super) session_id: SessionId,
    pub(super) tenant_id: TenantId,
    server: ServerName,
    waha_session: String,
    /// The last that was heard before.
    pub(super) heard_at: DateTime<Utc>,
    /// What was said before is not told.
    pub(super) paired_at: DateTime<Utc>,
    suspected_at: Option<DateTime<Utc>>,
    tries: u32,
}

/// What a batch of events says.
#[derive(Default)]
struct News {
    heard: HashMap<SessionId, DateTime<Utc>>,
    suspected: HashSet<SessionId>,
}

impl Suspicion {
    /// Where the session is.
    pub(super) fn session(&self) -> SessionAddress<'_> {
        SessionAddress { server: &self.server, waha_session: &self.waha_session }
    }
}

impl Hearing {
    pub(in super::super) fn new(pool: PgPool, options: GapOptions) -> Self {
        Self { pool, options }
    }

    /// Whether the event says something of hearing.
    pub(in super::super) fn concerns(event: &RecordedEvent) -> bool {
        match &event.event {
            Event::Webhook(webhook::Event::Received(received)) => received.session_id.is_some(),
            Event::Session(event) => matches!(
                event,
                SessionEvent::Created(_)
                    | SessionEvent::Deleted(_)
                    | SessionEvent::StatusChanged(_)
            ),
            _ => false,
        }
    }

    /// Notes what a batch of events says. May be repeated.
    pub(in super::super) async fn note(
        &self,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        let mut news = News::default();
        for recorded in events {
            let session = SessionId(recorded.stream.id);
            match &recorded.event {
                Event::Webhook(webhook::Event::Received(received)) => news.take(received),
                Event::Session(SessionEvent::Created(created)) => {
                    self.open(session, recorded.stream.tenant, created.at).await?;
                }
                Event::Session(SessionEvent::Deleted(_)) => self.close(session).await?,
                Event::Session(SessionEvent::StatusChanged(changed)) => {
                    self.pair(session, changed).await?;
                    news.suspected.insert(session);
                }
                _ => {}
            }
        }
        self.hear(&news.heard).await?;
        if !news.suspected.is_empty() {
            let suspected = news.suspected.iter().map(|session| session.0).collect();
            self.suspect(Some(suspected)).await?;
        }
        Ok(())
    }

    /// Nobody may have listened until now.
    pub(in super::super) async fn suspect_all(&self) -> Result<(), sqlx::Error> {
        self.suspect(None).await
    }

    async fn open(
        &self,
        session: SessionId,
        tenant: TenantId,
        at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into session_hearing (session_id, tenant_id, heard_at, due_at)
             values ($1, $2, $3, now() + make_interval(secs => $4)) on conflict do nothing",
        )
        .bind(session.0)
        .bind(tenant.0)
        .bind(at)
        .bind(self.options.silence.as_seconds_f64())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A session that shows a code is to be paired, with another phone perhaps; from when it works it can miss something.
    async fn pair(&self, session: SessionId, changed: &StatusChanged) -> Result<(), sqlx::Error> {
        let noted = match changed.status {
            SessionStatus::ScanQrCode => {
                sqlx::query("update session_hearing set paired_at = null where session_id = $1")
                    .bind(session.0)
            }
            SessionStatus::Working => sqlx::query(
                "update session_hearing set paired_at = coalesce(paired_at, $2) where session_id = $1",
            )
            .bind(session.0)
            .bind(changed.at),
            _ => return Ok(()),
        };
        noted.execute(&self.pool).await?;
        Ok(())
    }

    async fn close(&self, session: SessionId) -> Result<(), sqlx::Error> {
        sqlx::query("delete from session_hearing where session_id = $1")
            .bind(session.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn hear(&self, heard: &HashMap<SessionId, DateTime<Utc>>) -> Result<(), sqlx::Error> {
        if heard.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "update session_hearing h
             set heard_at = n.heard_at, due_at = n.heard_at + make_interval(secs => $3)
             from unnest($1::uuid[], $2::timestamptz[]) as n (session_id, heard_at)
             where h.session_id = n.session_id and h.suspected_at is null
               and h.heard_at < n.heard_at - make_interval(secs => $4)",
        )
        .bind(heard.keys().map(|session| session.0).collect::<Vec<_>>())
        .bind(heard.values().copied().collect::<Vec<_>>())
        .bind(self.options.silence.as_seconds_f64())
        .bind(NOTED_EVERY_SECONDS)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Of these sessions, or of all.
    async fn suspect(&self, sessions: Option<Vec<Uuid>>) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update session_hearing
             set suspected_at = now(), due_at = now() + make_interval(secs => $2), tries = 0
             where $1::uuid[] is null or session_id = any($1)",
        )
        .bind(sessions)
        .bind(self.options.wait.as_seconds_f64())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Claims those that are due and whose chats can be seen.
    pub(super) async fn claim(&self, owner: EngineId) -> Result<Vec<Suspicion>, sqlx::Error> {
        let rows = sqlx::query(
            "update session_hearing h
             set lease_owner = $1, lease_until = now() + make_interval(secs => $2), tries = h.tries + 1
             from delivery_sessions s
             where s.session_id = h.session_id and h.session_id in (
                 select h.session_id from session_hearing h
                 join delivery_sessions s using (session_id)
                 where h.due_at <= now() and s.status = 'WORKING' and h.paired_at is not null
                   and (h.lease_until is null or h.lease_until < now())
                 order by h.due_at limit $3 for update of h skip locked)
             returning h.session_id, h.tenant_id, s.waha_server, s.waha_session, h.heard_at, h.paired_at,
                       h.suspected_at, h.tries",
        )
        .bind(owner.0)
        .bind(LEASE_SECONDS)
        .bind(CONCURRENT_MAX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Suspicion {
                    session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
                    tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
                    server: server_name(row, "waha_server")?,
                    waha_session: row.try_get("waha_session")?,
                    heard_at: row.try_get("heard_at")?,
                    paired_at: row.try_get("paired_at")?,
                    suspected_at: row.try_get("suspected_at")?,
                    tries: row.try_get::<i32, _>("tries")?.cast_unsigned(),
                })
            })
            .collect()
    }

    /// It takes longer: there are many chats.
    pub(super) async fn renew(
        &self,
        owner: EngineId,
        suspicion: &Suspicion,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update session_hearing set lease_until = now() + make_interval(secs => $3)
             where session_id = $1 and lease_owner = $2",
        )
        .bind(suspicion.session_id.0)
        .bind(owner.0)
        .bind(LEASE_SECONDS)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// All up to here is known. What was suspected meanwhile is looked into next.
    pub(super) async fn repaired(
        &self,
        owner: EngineId,
        suspicion: &Suspicion,
        to: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update session_hearing
             set heard_at = greatest(heard_at, $3),
                 suspected_at = case when suspected_at is distinct from $4 then suspected_at end,
                 due_at = case when suspected_at is distinct from $4 then due_at
                               else now() + make_interval(secs => $5) end,
                 tries = 0, lease_owner = null, lease_until = null
             where session_id = $1 and lease_owner = $2",
        )
        .bind(suspicion.session_id.0)
        .bind(owner.0)
        .bind(to)
        .bind(suspicion.suspected_at)
        .bind(self.options.silence.as_seconds_f64())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// WAHA is away: the wait doubles with every try.
    pub(super) async fn postpone(
        &self,
        owner: EngineId,
        suspicion: &Suspicion,
    ) -> Result<(), sqlx::Error> {
        let wait_seconds = f64::from(1_u32 << suspicion.tries.min(10)).min(RETRY_SECONDS_MAX);
        sqlx::query(
            "update session_hearing
             set due_at = now() + make_interval(secs => $3), lease_owner = null, lease_until = null
             where session_id = $1 and lease_owner = $2",
        )
        .bind(suspicion.session_id.0)
        .bind(owner.0)
        .bind(wait_seconds)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl News {
    /// What comes after a report of the session's status is no sign that nothing was missed before it.
    fn take(&mut self, received: &webhook::Received) {
        let Some(session) = received.session_id else { return };
        if received.event.starts_with(OF_SESSION) {
            self.suspected.insert(session);
        } else if !self.suspected.contains(&session) {
            let heard = self.heard.entry(session).or_insert(received.at);
            *heard = received.at.max(*heard);
        }
    }
}

//! The sessions messages go through, with their pace: table `delivery_sessions`.
//!
//! A token bucket per session: it fills at the session's rate and holds one second's worth, at least one
//! token. Messages wait for tokens; nobody is refused. Each message takes a little more than a token, by
//! chance, so that they do not leave like clockwork, and never faster than the rate.

use chrono::{DateTime, Utc};
use domain::id::{EngineId, SessionId, TenantId};
use domain::sagas::delivery::Change;
use domain::sagas::delivery::shares::{self, Candidate, Share};
use domain::session::status::SessionStatus;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::queue::{Lease, Queue};

/// Calls to WAHA at a time through one session: enough to be fast, too few for one slow session to use up
/// all there are.
const CALLS_MAX: i64 = 8;
/// Sessions looked at in one round.
const CANDIDATES_MAX: i64 = 256;
/// A message takes up to this much more than a token.
const JITTER: f64 = 0.2;

/// What a session without a pace may spend: more than it can.
const UNPACED_TOKENS: f64 = 1e6;

/// How fast a session may send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Tokens a second; none for as fast as it goes.
    per_second: Option<f64>,
}

impl Pace {
    pub(super) fn per_minute(rate: u32) -> Self {
        Self { per_second: (rate > 0).then(|| f64::from(rate) / 60.0) }
    }

    /// What the bucket holds at most.
    fn capacity(self) -> f64 {
        self.per_second.unwrap_or(0.0).max(1.0)
    }
}

#[derive(Clone)]
pub(super) struct Sessions {
    pool: PgPool,
    pace: Pace,
}

impl Sessions {
    pub(super) fn new(pool: PgPool, pace: Pace) -> Self {
        Self { pool, pace }
    }

    /// Claims up to `slots` messages that may go now, shared fairly. The sessions stay locked while theirs
    /// are claimed, so two processes never spend one token twice. `jitter` is a random number in [0, 1).
    pub(super) async fn claim(
        &self,
        owner: EngineId,
        slots: u32,
        jitter: f64,
    ) -> Result<Vec<Lease>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let candidates = self.candidates(&mut transaction).await?;
        let shares = shares::divide(&candidates, slots);
        if shares.is_empty() {
            return Ok(vec![]);
        }
        let leases = Queue::claim(&mut transaction, owner, &shares).await?;
        self.charge(&mut transaction, &shares, jitter).await?;
        transaction.commit().await?;
        Ok(leases)
    }

    /// Working sessions that have a message to send and leave to send it, longest unserved first.
    async fn candidates(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Vec<Candidate>, sqlx::Error> {
        let rows = sqlx::query(
            "select s.session_id, s.tenant_id, s.served, pace.tokens,
                    (select count(*) from delivery_jobs f
                     where f.session_id = s.session_id and f.lease_owner is not null) as calls
             from delivery_sessions s
             cross join lateral (
                 select case when $1::float8 is null then $3 else floor(least($2, s.tokens + $1 *
                     extract(epoch from least(now() - s.refilled_at, interval '1 hour'))::float8))
                 end as tokens) pace
             where s.status = 'WORKING' and s.queued > 0 and pace.tokens >= 1
               and case when s.reach_out_locked_until > now() then exists (
                       select from known_contacts k
                       cross join lateral (
                           select from delivery_jobs j
                           where j.session_id = k.session_id and j.chat_id = k.chat_id and j.is_head
                             and j.lease_owner is null and j.due_at <= now()
                           limit 1) head
                       where k.session_id = s.session_id)
                   else (
                       select j.due_at from delivery_jobs j
                       where j.session_id = s.session_id and j.is_head and j.lease_owner is null
                       order by j.due_at limit 1) <= now()
                   end
             order by s.served_at
             limit $4
             for update of s skip locked",
        )
        .bind(self.pace.per_second)
        .bind(self.pace.capacity())
        .bind(UNPACED_TOKENS)
        .bind(CANDIDATES_MAX)
        .fetch_all(connection)
        .await?;
        rows.iter().map(candidate).collect()
    }

    /// Takes the tokens, and notes whose turn it was.
    async fn charge(
        &self,
        connection: &mut PgConnection,
        shares: &[Share],
        jitter: f64,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update delivery_sessions s
             set tokens = case when $1::float8 is null then $2 else least($2, s.tokens + $1 *
                     extract(epoch from least(now() - s.refilled_at, interval '1 hour'))::float8)
                     - g.given * $3 end,
                 refilled_at = now(),
                 served = s.served + g.given,
                 served_at = now()
             from unnest($4::uuid[], $5::int[]) as g (session_id, given)
             where s.session_id = g.session_id",
        )
        .bind(self.pace.per_second)
        .bind(self.pace.capacity())
        .bind(1.0 + JITTER * jitter)
        .bind(shares.iter().map(|share| share.session_id.0).collect::<Vec<_>>())
        .bind(
            shares
                .iter()
                .map(|share| (share.by_age + share.by_priority).cast_signed())
                .collect::<Vec<_>>(),
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

fn candidate(row: &sqlx::postgres::PgRow) -> Result<Candidate, sqlx::Error> {
    let calls: i64 = row.try_get("calls")?;
    let tokens: f64 = row.try_get("tokens")?;
    let room = u32::try_from((CALLS_MAX - calls).max(0)).unwrap_or(0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and between 0 and a million"
    )]
    let tokens = tokens.max(0.0) as u32;
    Ok(Candidate {
        session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
        tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
        allowance: tokens.min(room),
        served: row.try_get::<i64, _>("served")?.cast_unsigned(),
    })
}

/// What events do to sessions. Rare, so one statement each.
pub(super) async fn apply(
    connection: &mut PgConnection,
    changes: &[(TenantId, Change)],
) -> Result<(), sqlx::Error> {
    for (tenant, change) in changes {
        match change {
            Change::OpenSession { session_id, waha_session } => {
                open(connection, *tenant, *session_id, waha_session).await?;
            }
            Change::SetSession { session_id, status, engine } => {
                let engine = engine.map(domain::whatsapp::Engine::as_str);
                set(connection, *session_id, status.as_str(), engine).await?;
            }
            Change::LockSession { session_id, until } => {
                lock(connection, *session_id, *until).await?;
            }
            Change::CloseSession { session_id } => {
                set(connection, *session_id, DELETED, None).await?;
            }
            Change::Enqueue(_)
            | Change::Retry { .. }
            | Change::Park { .. }
            | Change::Meet { .. }
            | Change::Finish { .. } => {}
        }
    }
    Ok(())
}

/// The status of a session that is gone; kept until its messages are given up.
const DELETED: &str = "DELETED";

async fn open(
    connection: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    waha_session: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into delivery_sessions (session_id, tenant_id, waha_session, status)
         values ($1, $2, $3, $4) on conflict (session_id) do nothing",
    )
    .bind(session.0)
    .bind(tenant.0)
    .bind(waha_session)
    .bind(SessionStatus::Starting.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn set(
    connection: &mut PgConnection,
    session: SessionId,
    status: &str,
    engine: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update delivery_sessions set status = $2, engine = coalesce($3, engine) where session_id = $1",
    )
    .bind(session.0)
    .bind(status)
    .bind(engine)
    .execute(connection)
    .await?;
    Ok(())
}

async fn lock(
    connection: &mut PgConnection,
    session: SessionId,
    until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update delivery_sessions set reach_out_locked_until = $2 where session_id = $1")
        .bind(session.0)
        .bind(until)
        .execute(connection)
        .await?;
    Ok(())
}

/// A session as it is known here.
pub(in super::super) struct KnownSession {
    pub(in super::super) tenant_id: TenantId,
    pub(in super::super) session_id: SessionId,
    pub(in super::super) waha_session: String,
    pub(in super::super) status: String,
}

/// The sessions WAHA calls by these names, deleted ones left out.
pub(in super::super) async fn named(
    pool: &PgPool,
    waha_names: &[&str],
) -> Result<Vec<KnownSession>, sqlx::Error> {
    let rows = sqlx::query(
        "select session_id, tenant_id, waha_session, status from delivery_sessions
         where waha_session = any($1) and status <> $2",
    )
    .bind(waha_names)
    .bind(DELETED)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(KnownSession {
                tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
                session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
                waha_session: row.try_get("waha_session")?,
                status: row.try_get("status")?,
            })
        })
        .collect()
}

//! The sessions messages go through, with their pace: table `delivery_sessions`.
//!
//! A token bucket per session: it fills at the session's rate and holds one second's worth, at least one
//! token. Messages wait for tokens; nobody is refused. Each message takes a little more than a token, by
//! chance, so that they do not leave like clockwork, and never faster than the rate.

use std::collections::HashMap;

use domain::id::{EngineId, SessionId, TenantId};
use domain::sagas::delivery::shares::{self, Candidate};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::queue::{Lease, Queue};

/// Calls to WAHA at a time through one session: enough to be fast, too few for one slow session to use up
/// all there are.
const CALLS_MAX: f64 = 8.0;
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

    /// Tokens a second; none for as fast as it goes.
    pub(super) const fn per_second(self) -> Option<f64> {
        self.per_second
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
    /// How long a session takes to come to its full pace; 0: it has it at once.
    ramp_seconds: f64,
    /// Strangers a session writes to in a day; none: as many as it likes.
    first_contacts_a_day: Option<u32>,
}

impl Sessions {
    pub(super) fn new(
        pool: PgPool,
        pace: Pace,
        ramp_seconds: f64,
        first_contacts_a_day: Option<u32>,
    ) -> Self {
        Self { pool, pace, ramp_seconds, first_contacts_a_day }
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
        let strangers = self.first_contacts_a_day;
        let leases = Queue::claim(&mut transaction, owner, &shares, strangers).await?;
        self.charge(&mut transaction, &leases, jitter).await?;
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
                     where f.session_id = s.session_id and f.lease_owner is not null) as calls,
                    -- Asked only if anything comes to its full pace now, as it costs more than all the rest.
                    case when s.working_since > now() - make_interval(secs => $5)
                           or (select count(*) > 0 from breakers
                               where closed_at > now() - make_interval(secs => $5))
                         then ramp_share(s.session_id, s.waha_server, s.working_since, $5)
                         else 1.0 end as ramp_share
             from delivery_sessions s
             cross join lateral (
                 select case when $1::float8 is null then $3 else floor(least($2, s.tokens + $1 *
                     extract(epoch from least(now() - s.refilled_at, interval '1 hour'))::float8))
                 end as tokens) pace
             where s.status = 'WORKING' and s.suspicion is null and s.queue_mode <> 'hold'
               and s.queued > 0 and pace.tokens >= 1
               and s.tenant_id not in (select tenant_id from suspended_tenants)
               and s.waha_server not in (select server from uncalled_servers)
               and not exists (
                   select from breakers b
                   where b.server = s.waha_server and b.session_id = s.session_id
                     and b.open_until is not null)
               and case when strangers_left(s, $6) = 0 then exists (
                       select from delivery_jobs j
                       where j.session_id = s.session_id and j.is_head and j.lease_owner is null
                         and j.due_at <= now() and j.acquaintance > 0
                         and (j.acquaintance = 2 or not reach_is_locked(s)))
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
        .bind(self.ramp_seconds)
        .bind(self.first_contacts_a_day.map(u32::cast_signed))
        .fetch_all(connection)
        .await?;
        rows.iter().map(candidate).collect()
    }

    /// Takes the tokens, and notes whose turn it was.
    async fn charge(
        &self,
        connection: &mut PgConnection,
        leases: &[Lease],
        jitter: f64,
    ) -> Result<(), sqlx::Error> {
        let mut given: HashMap<Uuid, i32> = HashMap::new();
        for lease in leases {
            *given.entry(lease.session_id.0).or_default() += 1;
        }
        let (sessions, given): (Vec<Uuid>, Vec<i32>) = given.into_iter().unzip();
        sqlx::query(
            "update delivery_sessions s
             set tokens = case when $1::float8 is null then $2 else least($2, s.tokens + $1 *
                     extract(epoch from least(now() - s.refilled_at, interval '1 hour'))::float8)
                     - g.given * $3
                       / ramp_share(s.session_id, s.waha_server, s.working_since, $6) end,
                 refilled_at = now(),
                 served = s.served + g.given,
                 served_at = now(),
                 served_this_minute = g.given + case when date_trunc('minute', s.served_at)
                     = date_trunc('minute', now()) then s.served_this_minute else 0 end,
                 served_last_minute = case date_trunc('minute', s.served_at)
                     when date_trunc('minute', now()) then s.served_last_minute
                     when date_trunc('minute', now()) - interval '1 minute' then s.served_this_minute
                     else 0 end
             from unnest($4::uuid[], $5::int[]) as g (session_id, given)
             where s.session_id = g.session_id",
        )
        .bind(self.pace.per_second)
        .bind(self.pace.capacity())
        .bind(1.0 + JITTER * jitter)
        .bind(sessions)
        .bind(given)
        .bind(self.ramp_seconds)
        .execute(connection)
        .await?;
        Ok(())
    }
}

fn candidate(row: &sqlx::postgres::PgRow) -> Result<Candidate, sqlx::Error> {
    let calls: i64 = row.try_get("calls")?;
    let tokens: f64 = row.try_get("tokens")?;
    #[expect(clippy::cast_possible_truncation, reason = "at most as many as there are")]
    let calls_max = (row.try_get::<f64, _>("ramp_share")? * CALLS_MAX).floor() as i64;
    let room = u32::try_from((calls_max - calls).max(0)).unwrap_or(0);
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

//! The queue as people are shown it: why a message waits, and how each session's queue stands.
//!
//! Reads what the dispatcher works by, and changes nothing.

use chrono::{DateTime, Utc};
use domain::id::{MessageId, SessionId, TenantId};
use domain::sagas::delivery::waiting::{Prospect, Silence};
use domain::session::queue_mode::QueueMode;
use domain::session::status::SessionStatus;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{FromRow, PgPool, Row};
use uuid::Uuid;

use super::DeliveryOptions;
use super::sessions::Pace;

/// Most of a chat's messages that are counted before one.
const AHEAD_MAX: i64 = 1_000;
/// Heads among which the oldest is looked for, those due first.
const HEADS_MAX: i64 = 1_000;
/// Most messages in doubt that are counted.
const DOUBTS_MAX: i64 = 1_000;

/// Shows the queue.
#[derive(Clone)]
pub struct Inspection {
    pool: PgPool,
    pace: Pace,
    rate_per_minute: u32,
    first_contacts_a_day: Option<u32>,
}

/// How a session's queue stands.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionQueue {
    /// The session.
    pub session_id: Uuid,
    /// Whose it is.
    #[serde(skip)]
    pub tenant_id: Uuid,
    /// WAHA's word for its state.
    pub status: String,
    /// What people want of it: `run`, `hold` or `drain`.
    pub queue_mode: String,
    /// Whether its tenant is suspended; its messages wait.
    pub tenant_suspended: bool,
    /// Why it is suspect, if it is.
    pub suspicion: Option<String>,
    /// When WAHA is next asked how it is, if calls keep failing; no messages go meanwhile.
    pub breaker_open_until: Option<DateTime<Utc>>,
    /// When WAHA last told something of it, to a few seconds.
    pub last_heard_at: Option<DateTime<Utc>>,
    /// Messages that wait, those under way among them.
    pub queued: i64,
    /// Messages under way.
    pub in_flight: i64,
    /// Messages whose outcome is unknown; a thousand at most are counted.
    pub unknown: i64,
    /// When the oldest was to go; of the thousand that are due first.
    pub oldest_at: Option<DateTime<Utc>>,
    /// When the next may go, its pace counted; past if it may go now.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Messages it may send in a minute; none: as many as it can.
    #[sqlx(skip)]
    pub rate_per_minute: Option<u32>,
    /// Messages it was given in the last whole minute.
    pub sent_last_minute: i32,
}

impl Inspection {
    /// Of the queue that is worked on with these options.
    pub fn new(pool: PgPool, options: &DeliveryOptions) -> Self {
        Self {
            pool,
            pace: Pace::per_minute(options.rate_per_minute),
            rate_per_minute: options.rate_per_minute,
            first_contacts_a_day: options.first_contacts_a_day,
        }
    }

    /// How a message on the queue stands; none if it is not on it.
    pub async fn prospect(
        &self,
        tenant: TenantId,
        message: MessageId,
    ) -> Result<Option<Prospect>, sqlx::Error> {
        let row = sqlx::query(
            "select job.is_parked, doubt.due_at as look_at, job.lease_owner is not null as is_leased,
                    job.ready_at, job.due_at, ahead.messages as ahead_in_chat,
                    job.acquaintance = 0 and strangers_left(s, $4) = 0
                        or job.acquaintance = 1 and reach_is_locked(s) as is_barred,
                    s.status, s.queue_mode, s.suspicion is not null as is_suspect,
                    exists (select from waha_servers w where w.name = s.waha_server and w.state = 'down')
                        as is_server_down,
                    breaker.open_until as breaker_open_until,
                    s.reach_out_locked_until, coalesce(s.refilled_at
                        + make_interval(secs => greatest(0, 1 - s.tokens) / $3), 'epoch') as next_token_at
             from delivery_jobs job
             join delivery_sessions s using (session_id)
             left join unknown_outcomes doubt using (message_id)
             cross join lateral (
                 select max(b.open_until) as open_until from breakers b
                 where b.server = s.waha_server
                   and b.session_id in (s.session_id, '00000000-0000-0000-0000-000000000000')) breaker
             cross join lateral (
                 select count(*) as messages from (
                     select from delivery_jobs other
                     where other.session_id = job.session_id and other.chat_id = job.chat_id
                       and not other.is_parked
                       and (other.ready_at, other.arrival) < (job.ready_at, job.arrival)
                     limit $5) counted) ahead
             where job.message_id = $2 and job.tenant_id = $1",
        )
        .bind(tenant.0)
        .bind(message.0)
        .bind(self.pace.per_second())
        .bind(self.first_contacts_a_day.map(u32::cast_signed))
        .bind(AHEAD_MAX)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let is_parked: bool = row.try_get("is_parked")?;
            let look_at: Option<DateTime<Utc>> = row.try_get("look_at")?;
            let ahead: i64 = row.try_get("ahead_in_chat")?;
            let status: String = row.try_get("status")?;
            let mode: String = row.try_get("queue_mode")?;
            let queue_mode = QueueMode::parse(&mode)
                .ok_or_else(|| sqlx::Error::Decode("no mode of a queue".into()))?;
            Ok(Prospect {
                doubt: is_parked.then_some(look_at),
                is_leased: row.try_get("is_leased")?,
                ready_at: row.try_get("ready_at")?,
                due_at: row.try_get("due_at")?,
                ahead_in_chat: u32::try_from(ahead).unwrap_or(u32::MAX),
                is_barred: row.try_get("is_barred")?,
                status: SessionStatus::from(status),
                queue_mode,
                is_suspect: row.try_get("is_suspect")?,
                silence: if row.try_get("is_server_down")? {
                    Some(Silence::ServerDown)
                } else {
                    row.try_get::<Option<_>, _>("breaker_open_until")?.map(Silence::BreakerOpen)
                },
                reach_out_locked_until: row.try_get("reach_out_locked_until")?,
                next_token_at: row.try_get("next_token_at")?,
            })
        })
        .transpose()
    }

    /// How the sessions' queues stand, the longest first: of one tenant or all, and of one session or all.
    pub async fn queues(
        &self,
        tenant: Option<TenantId>,
        session: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<SessionQueue>, sqlx::Error> {
        let mut queues: Vec<SessionQueue> = sqlx::query_as(
            "select s.session_id, s.tenant_id, s.status, s.queue_mode, s.suspicion, s.queued,
                    s.tenant_id in (select tenant_id from suspended_tenants) as tenant_suspended,
                    (select max(b.open_until) from breakers b
                     where b.server = s.waha_server
                       and b.session_id in (s.session_id, '00000000-0000-0000-0000-000000000000'))
                        as breaker_open_until,
                    (select heard_at from session_hearing h where h.session_id = s.session_id)
                        as last_heard_at,
                    (select count(*) from delivery_jobs job
                     where job.session_id = s.session_id and job.lease_owner is not null) as in_flight,
                    (select count(*) from (
                        select from delivery_jobs job
                        where job.session_id = s.session_id and job.is_parked limit $6) counted) as unknown,
                    (select min(ready_at) from (
                        select ready_at from delivery_jobs job
                        where job.session_id = s.session_id and job.is_head and job.lease_owner is null
                        order by due_at limit $5) counted) as oldest_at,
                    greatest(head.due_at, case when head.due_at is null then null else s.refilled_at
                        + make_interval(secs => greatest(0, 1 - s.tokens) / $4) end) as next_due_at,
                    case date_trunc('minute', s.served_at)
                        when date_trunc('minute', now()) then s.served_last_minute
                        when date_trunc('minute', now()) - interval '1 minute' then s.served_this_minute
                        else 0 end as sent_last_minute
             from (
                 select * from delivery_sessions
                 where tenant_id = coalesce($1, tenant_id) and session_id = coalesce($2, session_id)
                   and status <> 'DELETED'
                 order by queued desc, session_id limit $3) s
             left join lateral (
                 select due_at from delivery_jobs job
                 where job.session_id = s.session_id and job.is_head and job.lease_owner is null
                 order by due_at limit 1) head on true
             order by s.queued desc, s.session_id",
        )
        .bind(tenant.map(|tenant| tenant.0))
        .bind(session.map(|session| session.0))
        .bind(i64::from(limit))
        .bind(self.pace.per_second())
        .bind(HEADS_MAX)
        .bind(DOUBTS_MAX)
        .fetch_all(&self.pool)
        .await?;
        for queue in &mut queues {
            queue.rate_per_minute = (self.rate_per_minute > 0).then_some(self.rate_per_minute);
        }
        Ok(queues)
    }
}

//! Who works on which message: leases.

use domain::id::{EngineId, MessageId, SessionId, TenantId};
use domain::sagas::delivery::shares::Share;
use domain::whatsapp::{ChatId, Engine};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::{Duty, Lease, Queue};

/// A lease runs out this long after its owner last said it is alive. Many times the time between two
/// renewals, so a slow moment loses nothing.
const LEASE_SECONDS: f64 = 15.0;
/// Most messages taken up at once by housekeeping.
const HOUSEKEEPING_MAX: i64 = 100;

impl Queue {
    /// Claims each session's share of messages.
    pub(in super::super) async fn claim(
        connection: &mut PgConnection,
        owner: EngineId,
        shares: &[Share],
    ) -> Result<Vec<Lease>, sqlx::Error> {
        let rows = sqlx::query(
            "with share as (
                 select * from unnest($1::uuid[], $2::int[], $3::int[])
                     as s (session_id, by_age, by_priority)
             ),
             oldest as (
                 select j.message_id from share s cross join lateral (
                     select message_id from delivery_jobs
                     where session_id = s.session_id and is_head and lease_owner is null
                       and due_at <= now()
                     order by due_at limit s.by_age
                     for update skip locked) j
             ),
             foremost as (
                 select j.message_id from share s cross join lateral (
                     select message_id from delivery_jobs
                     where session_id = s.session_id and is_head and lease_owner is null
                       and due_at <= now()
                       and message_id not in (select message_id from oldest)
                     order by priority, due_at limit s.by_priority
                     for update skip locked) j
             )
             update delivery_jobs j
             set lease_owner = $4, lease_until = now() + make_interval(secs => $5), fence = fence + 1
             from delivery_sessions s
             where j.message_id in (select message_id from oldest union all select message_id from foremost)
               and s.session_id = j.session_id
             returning j.message_id, j.tenant_id, j.session_id, j.chat_id, s.waha_session, s.engine",
        )
        .bind(shares.iter().map(|share| share.session_id.0).collect::<Vec<_>>())
        .bind(shares.iter().map(|share| share.by_age.cast_signed()).collect::<Vec<_>>())
        .bind(shares.iter().map(|share| share.by_priority.cast_signed()).collect::<Vec<_>>())
        .bind(owner.0)
        .bind(LEASE_SECONDS)
        .fetch_all(connection)
        .await?;
        rows.iter().map(|row| lease(row, Duty::Attempt)).collect()
    }

    /// Claims messages whose lease has run out: their owner is gone, or cut off.
    pub(in super::super) async fn claim_abandoned(
        &self,
        owner: EngineId,
    ) -> Result<Vec<Lease>, sqlx::Error> {
        let rows = sqlx::query(
            "update delivery_jobs j
             set lease_owner = $1, lease_until = now() + make_interval(secs => $2), fence = fence + 1
             from delivery_sessions s
             where j.message_id in (
                 select message_id from delivery_jobs
                 where lease_owner is not null and lease_until < now()
                 order by lease_until limit $3 for update skip locked)
               and s.session_id = j.session_id
             returning j.message_id, j.tenant_id, j.session_id, j.chat_id, s.waha_session, s.engine",
        )
        .bind(owner.0)
        .bind(LEASE_SECONDS)
        .bind(HOUSEKEEPING_MAX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| lease(row, Duty::Attempt)).collect()
    }

    /// Claims messages whose time is over.
    pub(in super::super) async fn claim_expired(
        &self,
        owner: EngineId,
    ) -> Result<Vec<Lease>, sqlx::Error> {
        let rows = sqlx::query(
            "update delivery_jobs j
             set lease_owner = $1, lease_until = now() + make_interval(secs => $2), fence = fence + 1
             from delivery_sessions s
             where j.message_id in (
                 select message_id from delivery_jobs
                 where expires_at <= now() and lease_owner is null and not is_parked
                 order by expires_at limit $3 for update skip locked)
               and s.session_id = j.session_id
             returning j.message_id, j.tenant_id, j.session_id, j.chat_id, s.waha_session, s.engine",
        )
        .bind(owner.0)
        .bind(LEASE_SECONDS)
        .bind(HOUSEKEEPING_MAX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| lease(row, Duty::Expire)).collect()
    }

    /// Claims messages of sessions that were deleted.
    pub(in super::super) async fn claim_orphaned(
        &self,
        owner: EngineId,
    ) -> Result<Vec<Lease>, sqlx::Error> {
        let rows = sqlx::query(
            "update delivery_jobs j
             set lease_owner = $1, lease_until = now() + make_interval(secs => $2), fence = fence + 1
             from delivery_sessions s
             where j.message_id in (
                 select o.message_id from delivery_sessions d
                 join delivery_jobs o using (session_id)
                 where d.status = 'DELETED' and d.queued > 0 and o.lease_owner is null
                   and not o.is_parked
                 limit $3 for update of o skip locked)
               and s.session_id = j.session_id
             returning j.message_id, j.tenant_id, j.session_id, j.chat_id, s.waha_session, s.engine",
        )
        .bind(owner.0)
        .bind(LEASE_SECONDS)
        .bind(HOUSEKEEPING_MAX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| lease(row, Duty::GiveUp)).collect()
    }

    /// Says that this process is alive and works on these messages.
    pub(in super::super) async fn renew(
        &self,
        owner: EngineId,
        messages: &[MessageId],
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update delivery_jobs set lease_until = now() + make_interval(secs => $3)
             where message_id = any($2) and lease_owner = $1",
        )
        .bind(owner.0)
        .bind(messages.iter().map(|id| id.0).collect::<Vec<_>>())
        .bind(LEASE_SECONDS)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn lease(row: &sqlx::postgres::PgRow, duty: Duty) -> Result<Lease, sqlx::Error> {
    let engine: Option<String> = row.try_get("engine")?;
    Ok(Lease {
        message_id: MessageId(row.try_get::<Uuid, _>("message_id")?),
        tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
        session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
        chat_id: ChatId(row.try_get("chat_id")?),
        waha_session: row.try_get("waha_session")?,
        engine: engine.as_deref().map(Engine::from_waha),
        duty,
    })
}

//! Who works on which message: leases.
//!
//! First messages are chosen, passing over those that another process is choosing; then a lease is taken on
//! them, in the same transaction.

use domain::id::{EngineId, MessageId, SessionId, TenantId};
use domain::sagas::delivery::shares::Share;
use domain::whatsapp::{ChatId, Engine};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::super::servers::server_name;
use super::{Duty, Lease, Queue};

/// A lease runs out this long after its owner last said it is alive. Many times the time between two
/// renewals, so a slow moment loses nothing.
const LEASE_SECONDS: f64 = 15.0;
/// Most messages taken up at once by housekeeping.
const HOUSEKEEPING_MAX: i64 = 100;

/// Of each session's messages that may go now: the oldest, then the foremost by priority. Those to strangers only as far
/// as the session may write to any; where it is locked, who only was written to is a stranger too.
const CHOOSE_SHARES: &str = "
with share as (
    select g.*, strangers_left(s, $4) as strangers,
           case when reach_is_locked(s) then 2 when strangers_left(s, $4) = 0 then 1 else 0 end
               as acquaintance_min
    from unnest($1::uuid[], $2::int[], $3::int[]) as g (session_id, by_age, by_priority)
    join delivery_sessions s using (session_id)
),
oldest as (
    select s.session_id, s.strangers, j.* from share s cross join lateral (
        select message_id, acquaintance from delivery_jobs
        where session_id = s.session_id and is_head and lease_owner is null and due_at <= now()
          and acquaintance >= s.acquaintance_min
        order by due_at limit s.by_age
        for update skip locked) j
),
foremost as (
    select s.session_id, s.strangers, j.* from share s cross join lateral (
        select message_id, acquaintance from delivery_jobs
        where session_id = s.session_id and is_head and lease_owner is null and due_at <= now()
          and acquaintance >= s.acquaintance_min
          and message_id not in (select message_id from oldest)
        order by priority, due_at limit s.by_priority
        for update skip locked) j
),
counted as (
    select *, row_number() over (partition by session_id, acquaintance) as nth
    from (select * from oldest union all select * from foremost) chosen
)
select message_id from counted where acquaintance > 0 or nth <= strangers";

/// Those whose lease has run out: their owner is gone, or cut off.
const CHOOSE_ABANDONED: &str = "
select message_id from delivery_jobs
where lease_owner is not null and lease_until < now()
order by lease_until limit $1 for update skip locked";

/// Those whose time is over.
const CHOOSE_EXPIRED: &str = "
select message_id from delivery_jobs
where expires_at <= now() and lease_owner is null and not is_parked
order by expires_at limit $1 for update skip locked";

/// Those of sessions that were deleted.
const CHOOSE_ORPHANED: &str = "
select j.message_id from delivery_sessions s
cross join lateral (
    select message_id from delivery_jobs
    where session_id = s.session_id and lease_owner is null and not is_parked
    limit $1 for update skip locked) j
where s.status = 'DELETED' and s.queued > 0
limit $1";

impl Queue {
    /// Claims each session's share of messages.
    pub(in super::super) async fn claim(
        connection: &mut PgConnection,
        owner: EngineId,
        shares: &[Share],
        first_contacts_a_day: Option<u32>,
    ) -> Result<Vec<Lease>, sqlx::Error> {
        let chosen = sqlx::query_scalar(CHOOSE_SHARES)
            .bind(shares.iter().map(|share| share.session_id.0).collect::<Vec<_>>())
            .bind(shares.iter().map(|share| share.by_age.cast_signed()).collect::<Vec<_>>())
            .bind(shares.iter().map(|share| share.by_priority.cast_signed()).collect::<Vec<_>>())
            .bind(first_contacts_a_day.map(u32::cast_signed))
            .fetch_all(&mut *connection)
            .await?;
        take(connection, owner, chosen, Duty::Attempt).await
    }

    /// Claims what no event leads to: leases that ran out, times that are over, sessions that are gone.
    pub(in super::super) async fn claim_overdue(
        &self,
        owner: EngineId,
    ) -> Result<Vec<Lease>, sqlx::Error> {
        let mut leases = Vec::new();
        for (choose, duty) in [
            (CHOOSE_ABANDONED, Duty::Attempt),
            (CHOOSE_EXPIRED, Duty::Expire),
            (CHOOSE_ORPHANED, Duty::GiveUp),
        ] {
            let mut transaction = self.pool.begin().await?;
            let query = sqlx::query_scalar(choose).bind(HOUSEKEEPING_MAX);
            let chosen: Vec<Uuid> = query.fetch_all(&mut *transaction).await?;
            if !chosen.is_empty() {
                leases.extend(take(&mut transaction, owner, chosen, duty).await?);
                transaction.commit().await?;
            }
        }
        Ok(leases)
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

/// Takes a lease on each. The fencing number grows with every lease.
async fn take(
    connection: &mut PgConnection,
    owner: EngineId,
    chosen: Vec<Uuid>,
    duty: Duty,
) -> Result<Vec<Lease>, sqlx::Error> {
    let rows = sqlx::query(
        "update delivery_jobs j
         set lease_owner = $1, lease_until = now() + make_interval(secs => $2), fence = fence + 1
         from delivery_sessions s
         where j.message_id = any($3) and s.session_id = j.session_id
         returning j.message_id, j.tenant_id, j.session_id, j.chat_id, s.waha_server, s.waha_session,
                   s.engine",
    )
    .bind(owner.0)
    .bind(LEASE_SECONDS)
    .bind(chosen)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| lease(row, duty)).collect()
}

fn lease(row: &sqlx::postgres::PgRow, duty: Duty) -> Result<Lease, sqlx::Error> {
    let engine: Option<String> = row.try_get("engine")?;
    Ok(Lease {
        message_id: MessageId(row.try_get::<Uuid, _>("message_id")?),
        tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
        session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
        chat_id: ChatId(row.try_get("chat_id")?),
        server: server_name(row, "waha_server")?,
        waha_session: row.try_get("waha_session")?,
        engine: engine.as_deref().map(Engine::from_waha),
        duty,
    })
}

//! What events do to the queue: a statement per kind of change, whatever the number of messages.

use std::collections::{HashMap, HashSet};

use domain::id::MessageId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::memory::{MessageChange, Then};

/// A chat whose first message may have changed, and by how much its session's queue has grown.
#[derive(sqlx::FromRow)]
struct Touched {
    session_id: Uuid,
    chat_id: String,
    growth: i64,
}

/// Applies a batch of changes.
pub(in super::super) async fn apply(
    connection: &mut PgConnection,
    changes: &HashMap<MessageId, MessageChange>,
) -> Result<(), sqlx::Error> {
    let mut touched = finish(connection, changes).await?;
    touched.extend(enqueue(connection, changes).await?);
    touched.extend(park(connection, changes).await?);
    touched.extend(retry(connection, changes).await?);
    choose_heads(connection, &touched).await?;
    count(connection, &touched).await
}

async fn finish(
    connection: &mut PgConnection,
    changes: &HashMap<MessageId, MessageChange>,
) -> Result<Vec<Touched>, sqlx::Error> {
    let finished: Vec<Uuid> =
        changes.iter().filter(|(_, change)| change.finish).map(|(id, _)| id.0).collect();
    sqlx::query_as(
        "delete from delivery_jobs where message_id = any($1)
         returning session_id, chat_id, (case when is_parked then 0 else -1 end)::bigint as growth",
    )
    .bind(finished)
    .fetch_all(connection)
    .await
}

async fn enqueue(
    connection: &mut PgConnection,
    changes: &HashMap<MessageId, MessageChange>,
) -> Result<Vec<Touched>, sqlx::Error> {
    let mut jobs: Vec<_> = changes.values().filter_map(|change| change.enqueue.as_ref()).collect();
    // Ids grow with time, so this is the order in which they were queued.
    jobs.sort_by_key(|(_, job)| (job.ready_at, job.message_id));
    sqlx::query_as(
        "insert into delivery_jobs
             (message_id, tenant_id, session_id, chat_id, priority, ready_at, due_at, expires_at)
         select message_id, tenant_id, session_id, chat_id, priority, ready_at, ready_at, expires_at
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::smallint[],
                     $6::timestamptz[], $7::timestamptz[])
             as j (message_id, tenant_id, session_id, chat_id, priority, ready_at, expires_at)
         on conflict (message_id) do nothing
         returning session_id, chat_id, 1::bigint as growth",
    )
    .bind(jobs.iter().map(|(_, job)| job.message_id.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(tenant, _)| tenant.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.session_id.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.chat_id.0.as_str()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.priority.rank()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.ready_at).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.expires_at).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
}

async fn park(
    connection: &mut PgConnection,
    changes: &HashMap<MessageId, MessageChange>,
) -> Result<Vec<Touched>, sqlx::Error> {
    let parked: Vec<Uuid> = changes
        .iter()
        .filter(|(_, change)| matches!(change.then, Some(Then::Park(_))))
        .map(|(id, _)| id.0)
        .collect();
    sqlx::query_as(
        "update delivery_jobs
         set is_parked = true, is_head = false, lease_owner = null, lease_until = null
         where message_id = any($1) and not is_parked
         returning session_id, chat_id, -1::bigint as growth",
    )
    .bind(parked)
    .fetch_all(connection)
    .await
}

async fn retry(
    connection: &mut PgConnection,
    changes: &HashMap<MessageId, MessageChange>,
) -> Result<Vec<Touched>, sqlx::Error> {
    let retried: Vec<_> = changes
        .iter()
        .filter_map(|(id, change)| match change.then {
            Some(Then::Retry(due_at)) => Some((id.0, due_at)),
            Some(Then::Park(_)) | None => None,
        })
        .collect();
    sqlx::query_as(
        "with retried as (
             select r.message_id, r.due_at, j.is_parked as was_parked
             from unnest($1::uuid[], $2::timestamptz[]) as r (message_id, due_at)
             join delivery_jobs j using (message_id)
         )
         update delivery_jobs j
         set due_at = r.due_at, is_parked = false, lease_owner = null, lease_until = null
         from retried r where j.message_id = r.message_id
         returning j.session_id, j.chat_id,
                   (case when r.was_parked then 1 else 0 end)::bigint as growth",
    )
    .bind(retried.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(retried.iter().map(|(_, due_at)| *due_at).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
}

/// Makes the first message of each chat its head. One that is being sent stays head until it is done.
async fn choose_heads(
    connection: &mut PgConnection,
    touched: &[Touched],
) -> Result<(), sqlx::Error> {
    let chats: HashSet<(Uuid, &str)> =
        touched.iter().map(|row| (row.session_id, row.chat_id.as_str())).collect();
    let (sessions, chats): (Vec<Uuid>, Vec<&str>) = chats.into_iter().unzip();
    sqlx::query(
        "update delivery_jobs j set is_head = false
         from unnest($1::uuid[], $2::text[]) as c (session_id, chat_id)
         where j.session_id = c.session_id and j.chat_id = c.chat_id
           and j.is_head and j.lease_owner is null
           and j.message_id <> (
               select f.message_id from delivery_jobs f
               where f.session_id = c.session_id and f.chat_id = c.chat_id and not f.is_parked
               order by f.ready_at, f.arrival limit 1)",
    )
    .bind(&sessions)
    .bind(&chats)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "update delivery_jobs set is_head = true
         where message_id in (
             select (select f.message_id from delivery_jobs f
                     where f.session_id = c.session_id and f.chat_id = c.chat_id and not f.is_parked
                     order by f.ready_at, f.arrival limit 1)
             from unnest($1::uuid[], $2::text[]) as c (session_id, chat_id)
             where not exists (
                 select from delivery_jobs h
                 where h.session_id = c.session_id and h.chat_id = c.chat_id and h.is_head))",
    )
    .bind(&sessions)
    .bind(&chats)
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps each session's count of waiting messages.
async fn count(connection: &mut PgConnection, touched: &[Touched]) -> Result<(), sqlx::Error> {
    let mut growth: HashMap<Uuid, i64> = HashMap::new();
    for row in touched {
        *growth.entry(row.session_id).or_default() += row.growth;
    }
    growth.retain(|_, growth| *growth != 0);
    let (sessions, growth): (Vec<Uuid>, Vec<i64>) = growth.into_iter().unzip();
    sqlx::query(
        "update delivery_sessions s set queued = s.queued + g.growth
         from unnest($1::uuid[], $2::bigint[]) as g (session_id, growth)
         where s.session_id = g.session_id",
    )
    .bind(sessions)
    .bind(growth)
    .execute(connection)
    .await?;
    Ok(())
}

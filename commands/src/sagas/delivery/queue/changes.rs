//! What events do to the queue: a statement per kind of change, whatever the number of messages.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
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

/// Applies a batch of changes. Messages to one chat are at least `spacing` apart.
pub(in super::super) async fn apply(
    connection: &mut PgConnection,
    changes: &HashMap<MessageId, MessageChange>,
    spacing: TimeDelta,
) -> Result<(), sqlx::Error> {
    let mut touched = finish(connection, changes).await?;
    touched.extend(enqueue(connection, changes).await?);
    touched.extend(park(connection, changes).await?);
    touched.extend(retry(connection, changes).await?);
    if touched.is_empty() {
        return Ok(());
    }
    choose_heads(connection, &touched, spacing).await?;
    count(connection, &touched).await
}

async fn finish(
    connection: &mut PgConnection,
    changes: &HashMap<MessageId, MessageChange>,
) -> Result<Vec<Touched>, sqlx::Error> {
    let finished: Vec<Uuid> =
        changes.iter().filter(|(_, change)| change.finish).map(|(id, _)| id.0).collect();
    if finished.is_empty() {
        return Ok(vec![]);
    }
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
    if jobs.is_empty() {
        return Ok(vec![]);
    }
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
    if parked.is_empty() {
        return Ok(vec![]);
    }
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
    if retried.is_empty() {
        return Ok(vec![]);
    }
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

/// A chat's first message, and its head.
#[derive(sqlx::FromRow)]
struct Front {
    first: Option<Uuid>,
    head: Option<Uuid>,
}

/// Makes the first message of each chat its head. One that is being sent stays head until it is done.
async fn choose_heads(
    connection: &mut PgConnection,
    touched: &[Touched],
    spacing: TimeDelta,
) -> Result<(), sqlx::Error> {
    let fronts = fronts(connection, touched).await?;
    let wrong = fronts.iter().filter(|front| front.first != front.head);
    let (headless, headed): (Vec<&Front>, Vec<&Front>) =
        wrong.partition(|front| front.head.is_none());
    let mut heads: Vec<Uuid> = headless.iter().filter_map(|front| front.first).collect();
    if !headed.is_empty() {
        let deposed: Vec<Uuid> = sqlx::query_scalar(
            "update delivery_jobs set is_head = false
             where message_id = any($1) and lease_owner is null
             returning message_id",
        )
        .bind(headed.iter().filter_map(|front| front.head).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await?;
        let is_deposed = |front: &&&Front| front.head.is_some_and(|head| deposed.contains(&head));
        heads.extend(headed.iter().filter(is_deposed).filter_map(|front| front.first));
    }
    if heads.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update delivery_jobs job
         set is_head = true,
             due_at = case when $2 > 0
                 then greatest(job.due_at, known.written_at + make_interval(secs => $2))
                 else job.due_at end,
             acquaintance = case when known.they_wrote then 2 when known.they_wrote is null then 0
                 else 1 end
         from delivery_jobs head
         left join known_contacts known
             on known.session_id = head.session_id and known.chat_id = head.chat_id
         where head.message_id = any($1) and job.message_id = head.message_id",
    )
    .bind(heads)
    .bind(spacing.as_seconds_f64())
    .execute(connection)
    .await?;
    Ok(())
}

/// How the chats stand. Each is looked up by itself, which costs the same however long the queue is; joined, they
/// would be found among the heads of all chats.
async fn fronts(
    connection: &mut PgConnection,
    touched: &[Touched],
) -> Result<Vec<Front>, sqlx::Error> {
    let chats: HashSet<(Uuid, &str)> =
        touched.iter().map(|row| (row.session_id, row.chat_id.as_str())).collect();
    let (sessions, chats): (Vec<Uuid>, Vec<&str>) = chats.into_iter().unzip();
    sqlx::query_as(
        "select first.message_id as first, head.message_id as head
         from unnest($1::uuid[], $2::text[]) as chat (session_id, chat_id)
         left join lateral (
             select message_id from delivery_jobs job
             where job.session_id = chat.session_id and job.chat_id = chat.chat_id and not job.is_parked
             order by ready_at, arrival limit 1) first on true
         left join lateral (
             select message_id from delivery_jobs job
             where job.session_id = chat.session_id and job.chat_id = chat.chat_id and job.is_head
             limit 1) head on true",
    )
    .bind(sessions)
    .bind(chats)
    .fetch_all(connection)
    .await
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

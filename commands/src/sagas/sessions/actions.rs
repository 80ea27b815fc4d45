//! What is to be done in WAHA: table `session_actions`.

use domain::id::{EngineId, SessionId, TenantId};
use domain::session::Action;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

/// Longer than any action takes, waits of WAHA included.
const LEASE_SECONDS: f64 = 90.0;
/// Actions done at a time by one process.
const CONCURRENT_MAX: i64 = 8;
/// Longest wait between two tries.
const RETRY_SECONDS_MAX: f64 = 30.0;

/// An action this process may do.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) session_id: SessionId,
    pub(super) tenant_id: TenantId,
    pub(super) action: Action,
    pub(super) tries: u32,
}

/// This is to be done now, instead of whatever was.
pub(super) async fn request(
    connection: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    action: Action,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into session_actions (session_id, tenant_id, action) values ($1, $2, $3)
         on conflict (session_id) do update set
             action = excluded.action, due_at = now(), tries = 0,
             lease_owner = null, lease_until = null",
    )
    .bind(session.0)
    .bind(tenant.0)
    .bind(action.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Nothing is to be done any more.
pub(super) async fn settle(
    connection: &mut PgConnection,
    session: SessionId,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from session_actions where session_id = $1")
        .bind(session.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Claims what is due.
pub(super) async fn claim(pool: &PgPool, owner: EngineId) -> Result<Vec<Task>, sqlx::Error> {
    let rows = sqlx::query(
        "update session_actions
         set lease_owner = $1, lease_until = now() + make_interval(secs => $2), tries = tries + 1
         where session_id in (
             select session_id from session_actions
             where due_at <= now() and (lease_until is null or lease_until < now())
             order by due_at limit $3 for update skip locked)
         returning session_id, tenant_id, action, tries",
    )
    .bind(owner.0)
    .bind(LEASE_SECONDS)
    .bind(CONCURRENT_MAX)
    .fetch_all(pool)
    .await?;
    let mut tasks = Vec::new();
    for row in &rows {
        if let Some(action) = Action::parse(row.try_get("action")?) {
            tasks.push(Task {
                session_id: SessionId(row.try_get::<Uuid, _>("session_id")?),
                tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
                action,
                tries: row.try_get::<i32, _>("tries")?.cast_unsigned(),
            });
        }
    }
    Ok(tasks)
}

/// Puts a task off: WAHA is away. The wait doubles with every try.
pub(super) async fn postpone(
    pool: &PgPool,
    owner: EngineId,
    task: &Task,
) -> Result<(), sqlx::Error> {
    let wait_seconds = f64::from(1_u32 << task.tries.min(10)).min(RETRY_SECONDS_MAX) / 2.0;
    sqlx::query(
        "update session_actions
         set due_at = now() + make_interval(secs => $4), lease_owner = null, lease_until = null
         where session_id = $1 and action = $2 and lease_owner = $3",
    )
    .bind(task.session_id.0)
    .bind(task.action.as_str())
    .bind(owner.0)
    .bind(wait_seconds)
    .execute(pool)
    .await?;
    Ok(())
}

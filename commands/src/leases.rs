//! Leases in PostgreSQL: table `leases`.
//!
//! A task of each process renews what it holds, so that a long piece of work does not lose its lease; another may
//! take a lease once it has run out. The work of a process that died, or is paused, is taken over within [`TERM`]
//! and a look of the next one. The clock that counts is the database's, so processes need not agree on the time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::id::EngineId;
use domain::ports::leases::{FencingToken, LeaseError, Leases, Work};
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long a lease lasts.
pub const TERM: Duration = Duration::from_secs(5);
const RENEW_EVERY: Duration = Duration::from_millis(1250);
/// A lease renewed so lately is surely held; of an older one the store is asked.
const SURE_FOR: Duration = Duration::from_secs(3);

/// The leases of the process `owner`.
pub struct PostgresLeases {
    pool: PgPool,
    owner: EngineId,
    held: Mutex<HashMap<Work, Held>>,
}

/// A lease as it was last renewed.
#[derive(Clone, Copy)]
struct Held {
    token: FencingToken,
    renewed_at: Instant,
}

impl PostgresLeases {
    /// In this database.
    pub fn new(pool: PgPool, owner: EngineId) -> Self {
        Self { pool, owner, held: Mutex::default() }
    }

    /// Renews what is held until `shutdown`, and then gives it back.
    pub async fn keep(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(sleep(RENEW_EVERY)).await.is_some() {
            if let Err(error) = self.renew().await {
                tracing::warn!(%error, "leases could not be renewed; others take over if this goes on");
            }
        }
        if let Err(error) = self.release_all().await {
            tracing::warn!(%error, "leases could not be given back; they will run out");
        }
    }

    /// Gives every lease back, so that the next owners need not wait.
    pub async fn release_all(&self) -> Result<(), sqlx::Error> {
        // The row stays, for its number must go on growing.
        sqlx::query("update leases set expires_at = '-infinity' where owner = $1")
            .bind(self.owner.0)
            .execute(&self.pool)
            .await?;
        self.held().clear();
        Ok(())
    }

    async fn renew(&self) -> Result<(), sqlx::Error> {
        let held: Vec<Work> = self.held().keys().copied().collect();
        if held.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = held.iter().map(Work::to_string).collect();
        let renewed_at = Instant::now();
        let renewed: Vec<String> = sqlx::query_scalar(
            "update leases set expires_at = clock_timestamp() + make_interval(secs => $3)
             where owner = $1 and name = any($2) returning name",
        )
        .bind(self.owner.0)
        .bind(&names)
        .bind(TERM.as_secs_f64())
        .fetch_all(&self.pool)
        .await?;
        for (work, name) in held.into_iter().zip(&names) {
            let token = self.held().get(&work).map(|held| held.token);
            let is_held = renewed.contains(name);
            self.note(work, token.filter(|_| is_held).map(|token| Held { token, renewed_at }));
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Work, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self, work: Work) -> Option<FencingToken> {
        self.held()
            .get(&work)
            .filter(|held| held.renewed_at.elapsed() < SURE_FOR)
            .map(|held| held.token)
    }

    fn note(&self, work: Work, now_held: Option<Held>) {
        let before = match now_held {
            Some(now_held) => self.held().insert(work, now_held),
            None => self.held().remove(&work),
        };
        if before.is_some() != now_held.is_some() {
            let is_held = if now_held.is_some() { 1.0 } else { 0.0 };
            metrics::gauge!("heliograph_lease_held", "lease" => work.to_string()).set(is_held);
        }
    }
}

#[async_trait]
impl Leases for PostgresLeases {
    async fn hold(&self, work: Work) -> Result<Option<FencingToken>, LeaseError> {
        if let Some(token) = self.fresh(work) {
            return Ok(Some(token));
        }
        // Counted from before the question, so that it never seems fresher here than it is there.
        let renewed_at = Instant::now();
        let fence: Option<i64> = sqlx::query_scalar(
            "insert into leases (name, owner, fence, expires_at)
             values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
             on conflict (name) do update set
                 owner = excluded.owner,
                 fence = leases.fence + (leases.owner <> excluded.owner)::int,
                 expires_at = excluded.expires_at
             where leases.owner = excluded.owner or leases.expires_at < clock_timestamp()
             returning fence",
        )
        .bind(work.to_string())
        .bind(self.owner.0)
        .bind(TERM.as_secs_f64())
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| LeaseError(error.into()))?;
        let token = fence.map(|fence| FencingToken(fence.cast_unsigned()));
        self.note(work, token.map(|token| Held { token, renewed_at }));
        Ok(token)
    }
}

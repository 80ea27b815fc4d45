//! When a message queued now may be expected to go: after those before it, at the session's pace.
//!
//! How many are before it is looked up now and then; meanwhile each message that is asked about counts as one more.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::SessionId;
use quick_cache::sync::Cache;
use sqlx::PgPool;

/// Sessions whose queue is remembered.
const SESSIONS_MAX: usize = 4096;
/// For how long a queue's length is good enough: messages leave it seconds apart.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// Estimates when messages go.
pub struct Estimates {
    pool: PgPool,
    rate_per_minute: u32,
    queues: Cache<SessionId, Arc<Length>>,
}

/// How long a session's queue was, and how many came since.
struct Length {
    messages: AtomicI64,
    seen_at: Instant,
}

impl Estimates {
    /// At this pace; 0 for none.
    pub fn new(pool: PgPool, rate_per_minute: u32) -> Self {
        Self { pool, rate_per_minute, queues: Cache::new(SESSIONS_MAX) }
    }

    /// When one more message of the session goes, that may go from `ready_at` on.
    pub async fn next(
        &self,
        session: SessionId,
        ready_at: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, sqlx::Error> {
        if self.rate_per_minute == 0 {
            return Ok(ready_at);
        }
        let before = self.length(session).await?.messages.fetch_add(1, Ordering::Relaxed).max(0);
        let wait_ms = before.saturating_mul(60_000) / i64::from(self.rate_per_minute);
        let wait = TimeDelta::try_milliseconds(wait_ms).unwrap_or(TimeDelta::MAX);
        Ok(ready_at.checked_add_signed(wait).unwrap_or(ready_at))
    }

    async fn length(&self, session: SessionId) -> Result<Arc<Length>, sqlx::Error> {
        if let Some(known) = self.queues.get(&session)
            && known.seen_at.elapsed() < GOOD_FOR
        {
            return Ok(known);
        }
        let seen_at = Instant::now();
        let queued: Option<i64> =
            sqlx::query_scalar("select queued from delivery_sessions where session_id = $1")
                .bind(session.0)
                .fetch_optional(&self.pool)
                .await?;
        let length = Arc::new(Length { messages: queued.unwrap_or(0).into(), seen_at });
        self.queues.insert(session, Arc::clone(&length));
        Ok(length)
    }
}

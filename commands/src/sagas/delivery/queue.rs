//! The queue: table `delivery_jobs`.
//!
//! Invariant: of a chat's messages only the first is a head, and only heads are claimed, so a chat's order is
//! kept through retries and priorities.

mod changes;
mod claims;

use chrono::{DateTime, Utc};
use domain::id::{MessageId, SessionId, TenantId};
use domain::whatsapp::{ChatId, Engine};
use sqlx::PgPool;

pub(super) use changes::apply;

/// The messages that wait to be sent.
#[derive(Clone)]
pub struct Queue {
    pool: PgPool,
}

/// A message this process may work on, for a while.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    pub(super) message_id: MessageId,
    pub(super) tenant_id: TenantId,
    pub(super) chat_id: ChatId,
    pub(super) session_id: SessionId,
    pub(super) waha_session: String,
    pub(super) engine: Option<Engine>,
    pub(super) duty: Duty,
}

/// What is to be done about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    /// Send it, or find that an attempt was abandoned.
    Attempt,
    /// Note that its time is over.
    Expire,
    /// Give it up: its session is gone.
    GiveUp,
}

impl Queue {
    /// In this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// When a message queued now may be expected to go: after those before it, at the session's pace.
    pub async fn estimate(
        &self,
        session: SessionId,
        rate_per_minute: u32,
        ready_at: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, sqlx::Error> {
        if rate_per_minute == 0 {
            return Ok(ready_at);
        }
        let before: Option<i64> =
            sqlx::query_scalar("select queued from delivery_sessions where session_id = $1")
                .bind(session.0)
                .fetch_optional(&self.pool)
                .await?;
        let wait_ms =
            before.unwrap_or(0).max(0).saturating_mul(60_000) / i64::from(rate_per_minute);
        let wait = chrono::TimeDelta::try_milliseconds(wait_ms).unwrap_or(chrono::TimeDelta::MAX);
        Ok(ready_at.checked_add_signed(wait).unwrap_or(ready_at))
    }
}

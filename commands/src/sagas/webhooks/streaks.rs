//! Sessions that take messages WhatsApp never sees: table `overdue_streaks`.
//!
//! Each message that is not acknowledged in time makes its session's streak longer; any acknowledgement ends it. At a
//! length the session becomes suspect, and is trusted again at the first acknowledgement. A streak that a crash
//! made one too short only takes one message more.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::event::Event;
use domain::id::{SessionId, TenantId};
use domain::ports::event_log::{Actor, Metadata, RecordedEvent};
use domain::session::health::SuspicionCause;
use domain::session::{self, Command, Session};
use domain::webhook;
use sqlx::PgPool;
use uuid::Uuid;

use super::super::SagaError;
use crate::executor::{CommandError, Executor};

/// WAHA's event for an acknowledgement.
const ACKNOWLEDGEMENT: &str = "message.ack";

#[derive(Clone)]
pub(super) struct Streaks {
    pool: PgPool,
    executor: Executor,
    /// How many messages make a session suspect; none: no number does.
    suspect_after: Option<u32>,
}

impl Streaks {
    pub(super) const fn new(pool: PgPool, executor: Executor, suspect_after: Option<u32>) -> Self {
        Self { pool, executor, suspect_after }
    }

    /// These were not acknowledged in time, one entry a message.
    pub(super) async fn grow(&self, overdue: &[(TenantId, SessionId)]) -> Result<(), SagaError> {
        let Some(limit) = self.suspect_after else { return Ok(()) };
        let mut growth: HashMap<(TenantId, SessionId), i32> = HashMap::new();
        for key in overdue {
            *growth.entry(*key).or_default() += 1;
        }
        let long: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "with grown as (
                 insert into overdue_streaks as streak (tenant_id, session_id, overdue)
                 select * from unnest($1::uuid[], $2::uuid[], $3::integer[])
                 on conflict (session_id) do update
                     set overdue = streak.overdue + excluded.overdue
                 returning tenant_id, session_id, overdue)
             select tenant_id, session_id from grown where overdue >= $4",
        )
        .bind(growth.keys().map(|(tenant, _)| tenant.0).collect::<Vec<_>>())
        .bind(growth.keys().map(|(_, session)| session.0).collect::<Vec<_>>())
        .bind(growth.values().copied().collect::<Vec<_>>())
        .bind(limit.cast_signed())
        .fetch_all(&self.pool)
        .await?;
        for (tenant, session) in long {
            let now = self.executor.ambient().now();
            let cause = SuspicionCause::AcknowledgementsOverdue;
            let (tenant, session) = (TenantId(tenant), SessionId(session));
            if self.tell(tenant, session, Command::Suspect { cause, now }).await? {
                tracing::warn!(
                    session.id = %session, tenant.id = %tenant,
                    "session {session} says that it works, but WhatsApp acknowledges nothing: its queue waits"
                );
            }
        }
        Ok(())
    }

    /// Whether the event ends a streak and is no webhook.
    pub(super) const fn concerns(event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Session(session::event::Event::Trusted(_)))
    }

    /// The sessions that these events show to be alive.
    pub(super) async fn end(&self, events: &[Arc<RecordedEvent>]) -> Result<(), SagaError> {
        let alive: BTreeSet<Uuid> = events.iter().filter_map(|event| alive(event)).collect();
        if alive.is_empty() {
            return Ok(());
        }
        let ended: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "delete from overdue_streaks where session_id = any($1)
             returning tenant_id, session_id",
        )
        .bind(alive.into_iter().collect::<Vec<_>>())
        .fetch_all(&self.pool)
        .await?;
        for (tenant, session) in ended {
            let now = self.executor.ambient().now();
            self.tell(TenantId(tenant), SessionId(session), Command::Trust { now }).await?;
        }
        Ok(())
    }

    /// Whether it was news.
    async fn tell(
        &self,
        tenant: TenantId,
        session: SessionId,
        command: Command,
    ) -> Result<bool, SagaError> {
        let metadata = Metadata::new(Actor::WebhookSaga, session.0);
        match self.executor.execute::<Session>(tenant, session.0, command, metadata).await {
            Ok(executed) => Ok(!executed.events.is_empty()),
            Err(CommandError::Rejected(_)) => Ok(false),
            Err(error) => Err(SagaError::Command(error.into())),
        }
    }
}

/// The session this shows to be alive; or to have connected anew, which deserves a new count.
fn alive(recorded: &RecordedEvent) -> Option<Uuid> {
    match &recorded.event {
        Event::Session(session::event::Event::Trusted(_)) => Some(recorded.stream.id),
        Event::Webhook(webhook::Event::Received(received)) if received.event == ACKNOWLEDGEMENT => {
            received.session_id.map(|session| session.0)
        }
        _ => None,
    }
}

//! Messages that WhatsApp has not acknowledged in time: table `awaited_acknowledgements`.
//!
//! ```text
//! Sent, on less than WhatsApp's own word -> awaited -> acknowledged by its server, or further -> no longer
//!                                              `----> the deadline passes -> ReportAckOverdue
//! ```
//!
//! WAHA's answer says that a message was handed over, not that it left: a session may look well and send nothing.
//! Only the first acknowledgement is awaited here; that a phone is switched off is nobody's fault. What comes later is
//! in the message's own events, which decide whether there is anything to report.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::Event;
use domain::id::{MessageId, SessionId, TenantId};
use domain::message::event::{Event as MessageEvent, Evidence};
use domain::message::{self, Message};
use domain::ports::event_log::{Actor, Metadata, RecordedEvent};
use failpoint::Failpoint;
use sqlx::{PgPool, Row};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::SagaError;
use super::streaks::Streaks;
use crate::executor::{CommandError, Executor};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const LEASE_SECONDS: f64 = 60.0;
/// Most reported in one round.
const REPORTS_MAX: i64 = 200;

#[derive(Clone)]
pub(super) struct Deadlines {
    pool: PgPool,
    executor: Executor,
    deadline: TimeDelta,
    streaks: Streaks,
}

/// A message whose acknowledgement is overdue.
struct Overdue {
    message_id: MessageId,
    tenant_id: TenantId,
    attempt: u32,
}

/// A message that was sent, for all WAHA says.
struct HandedOver {
    message_id: MessageId,
    tenant_id: TenantId,
    attempt: u32,
    at: DateTime<Utc>,
}

impl HandedOver {
    fn seen_in(recorded: &RecordedEvent) -> Option<Self> {
        let Event::Message(MessageEvent::Sent(sent)) = &recorded.event else { return None };
        match sent.evidence {
            Evidence::Answer | Evidence::Echo | Evidence::Lookup => Some(Self {
                message_id: MessageId(recorded.stream.id),
                tenant_id: recorded.stream.tenant,
                attempt: sent.attempt,
                at: sent.at,
            }),
            Evidence::Acknowledgement | Evidence::Declaration => None,
        }
    }
}

impl Deadlines {
    pub(super) const fn new(
        pool: PgPool,
        executor: Executor,
        deadline: TimeDelta,
        streaks: Streaks,
    ) -> Self {
        Self { pool, executor, deadline, streaks }
    }

    /// Whether the event begins a wait.
    pub(super) fn concerns(event: &RecordedEvent) -> bool {
        HandedOver::seen_in(event).is_some()
    }

    /// From now on these are awaited, unless their acknowledgement was faster.
    pub(super) async fn await_all(&self, events: &[Arc<RecordedEvent>]) -> Result<(), sqlx::Error> {
        let sent: Vec<_> = events.iter().filter_map(|event| HandedOver::seen_in(event)).collect();
        if sent.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into awaited_acknowledgements
                 (message_id, tenant_id, attempt, since, is_acknowledged)
             select *, false
             from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::timestamptz[])
             on conflict (message_id) do update set
                 attempt = excluded.attempt, since = excluded.since, lease_until = null
                 where not awaited_acknowledgements.is_acknowledged",
        )
        .bind(sent.iter().map(|sent| sent.message_id.0).collect::<Vec<_>>())
        .bind(sent.iter().map(|sent| sent.tenant_id.0).collect::<Vec<_>>())
        .bind(sent.iter().map(|sent| sent.attempt.cast_signed()).collect::<Vec<_>>())
        .bind(sent.iter().map(|sent| sent.at).collect::<Vec<_>>())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// WhatsApp's server has it.
    pub(super) async fn acknowledged(
        &self,
        tenant: TenantId,
        message: MessageId,
        at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "with awaited as (
                 delete from awaited_acknowledgements
                 where message_id = $1 and not is_acknowledged returning message_id)
             insert into awaited_acknowledgements
                 (message_id, tenant_id, attempt, since, is_acknowledged)
             select $1, $2, 0, $3, true where not exists (select from awaited)
             on conflict (message_id) do nothing",
        )
        .bind(message.0)
        .bind(tenant.0)
        .bind(at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Reports what is overdue until `shutdown`.
    pub(super) async fn run(&self, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.report().await {
                tracing::error!(%error, "overdue acknowledgements cannot be reported; will try again");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn report(&self) -> Result<(), SagaError> {
        let overdue = self.claim().await?;
        if overdue.is_empty() {
            return Ok(());
        }
        let mut reported = Vec::new();
        for message in &overdue {
            reported.extend(self.report_one(message).await?);
        }
        if !reported.is_empty() {
            let messages = reported.len();
            tracing::warn!(
                messages,
                "WhatsApp has not acknowledged messages that WAHA took in time"
            );
            let count = u64::try_from(messages).unwrap_or(u64::MAX);
            metrics::counter!("heliograph_acknowledgements_overdue_total").increment(count);
            failpoint::reach(Failpoint::OverdueReported);
            self.streaks.grow(&reported).await?;
        }
        let settled: Vec<Uuid> = overdue.iter().map(|message| message.message_id.0).collect();
        sqlx::query("delete from awaited_acknowledgements where message_id = any($1)")
            .bind(settled)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Whose session's message it is, if there was anything to report. A repeated report changes nothing.
    async fn report_one(
        &self,
        overdue: &Overdue,
    ) -> Result<Option<(TenantId, SessionId)>, SagaError> {
        let (tenant, id) = (overdue.tenant_id, overdue.message_id);
        let metadata = Metadata::new(Actor::WebhookSaga, id.0);
        let now = self.executor.ambient().now();
        let command = message::Command::ReportAckOverdue { attempt: overdue.attempt, now };
        match self.executor.execute::<Message>(tenant, id.0, command, metadata).await {
            Ok(executed) => Ok(executed.events.iter().find_map(|event| match event {
                MessageEvent::AckOverdue(overdue) => Some((tenant, overdue.session_id?)),
                _ => None,
            })),
            Err(CommandError::Rejected(_)) => Ok(None),
            Err(error) => Err(SagaError::Command(error.into())),
        }
    }

    /// Takes a lease on what is overdue, and clears away what was acknowledged before.
    async fn claim(&self) -> Result<Vec<Overdue>, sqlx::Error> {
        let rows = sqlx::query(
            "with due as (
                 select message_id from awaited_acknowledgements
                 where since <= now() - make_interval(secs => $1)
                   and (lease_until is null or lease_until < now())
                 order by since limit $2 for update skip locked
             ), cleared as (
                 delete from awaited_acknowledgements a using due d
                 where a.message_id = d.message_id and a.is_acknowledged
             )
             update awaited_acknowledgements a
             set lease_until = now() + make_interval(secs => $3)
             from due d where a.message_id = d.message_id and not a.is_acknowledged
             returning a.message_id, a.tenant_id, a.attempt",
        )
        .bind(self.deadline.as_seconds_f64())
        .bind(REPORTS_MAX)
        .bind(LEASE_SECONDS)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Overdue {
                    message_id: MessageId(row.try_get::<Uuid, _>("message_id")?),
                    tenant_id: TenantId(row.try_get::<Uuid, _>("tenant_id")?),
                    attempt: row.try_get::<i32, _>("attempt")?.cast_unsigned(),
                })
            })
            .collect()
    }
}

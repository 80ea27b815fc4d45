//! One attempt: durable intent, one call, durable outcome.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::id::EventId;
use domain::message::event::{AttemptStarted, DeadLetterReason, Event as MessageEvent, Queued};
use domain::message::refusal::RefusalKind;
use domain::message::retry::RetryPolicy;
use domain::message::{self, Message};
use domain::ports::event_log::{Actor, LogError, Metadata, RecordedEvent};
use domain::ports::waha::{MessageGateway, SendOutcome, TextMessage};
use domain::session::status::SessionStatus;
use domain::session::{self, Session};
use domain::stream::{Category, StreamName};
use domain::whatsapp::Engine;
use failpoint::Failpoint;

use super::breakers::Breakers;
use super::queue::{Duty, Lease};
use crate::executor::{CommandError, Executor};

/// While the log is away it is asked again this often, and the lease is renewed meanwhile. An outcome is kept in memory
/// until then; should the process die first, the message shows as unknown.
const LOG_RETRY_WAIT: Duration = Duration::from_millis(500);

pub(super) struct Attempts {
    executor: Executor,
    gateway: Arc<dyn MessageGateway>,
    breakers: Arc<Breakers>,
    retry: RetryPolicy,
    reach_out_lock: TimeDelta,
}

/// What is known of a message before it is sent.
struct Draft {
    queued: Queued,
    metadata: Metadata,
}

impl Attempts {
    pub(super) fn new(
        executor: Executor,
        gateway: Arc<dyn MessageGateway>,
        breakers: Arc<Breakers>,
        retry: RetryPolicy,
        reach_out_lock: TimeDelta,
    ) -> Self {
        Self { executor, gateway, breakers, retry, reach_out_lock }
    }

    pub(super) fn fraction(&self) -> f64 {
        self.executor.ambient().fraction()
    }

    /// Does what the lease is for.
    pub(super) async fn fulfil(&self, lease: Lease) {
        failpoint::reach(Failpoint::MessageClaimed);
        let result = match lease.duty {
            Duty::Attempt => self.attempt(&lease).await,
            Duty::Expire => {
                let now = self.executor.ambient().now();
                self.tell(&lease, message::Command::Expire { now }).await
            }
            Duty::GiveUp => {
                let now = self.executor.ambient().now();
                let reason = DeadLetterReason::SessionDeleted;
                self.tell(&lease, message::Command::GiveUp { reason, now }).await
            }
        };
        match result {
            // Refused: the queue lags behind the log for a moment, and the message is done with already.
            Ok(()) | Err(CommandError::Rejected(message::Rejection::NotWaiting)) => {}
            Err(error) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::error!(
                    error,
                    message.id = %lease.message_id,
                    tenant.id = %lease.tenant_id,
                    "a message could not be worked on; its lease will run out and it is tried again"
                );
            }
        }
    }

    async fn attempt(&self, lease: &Lease) -> Result<(), CommandError<message::Rejection>> {
        let Some(draft) = self.draft(lease).await.map_err(CommandError::Log)? else {
            return Ok(());
        };
        let Some(started) = self.start(lease, &draft.metadata).await? else { return Ok(()) };
        failpoint::reach(Failpoint::AttemptStarted);
        let outcome = self
            .gateway
            .send_text(TextMessage {
                session: lease.session(),
                chat_id: &lease.chat_id,
                body: &draft.queued.body,
                waha_message_id: started.waha_message_id.as_ref(),
            })
            .await;
        failpoint::reach(failpoint_of(&outcome));
        metrics::counter!("heliograph_delivery_attempts_total", "outcome" => outcome_name(&outcome))
            .increment(1);
        // Before the queue hears that the message may be tried again.
        self.breakers.note(lease.session_id, lease.session(), &outcome).await;
        if let SendOutcome::Refused { session_status: Some(status), .. } = &outcome {
            self.report_session(lease, status.clone(), &draft.metadata).await;
        }
        if let SendOutcome::Refused { refusal, .. } = &outcome
            && refusal.kind == RefusalKind::ReachOutLocked
        {
            self.lock_reach_out(lease, refusal.detail.clone(), &draft.metadata).await;
        }
        self.record(lease, started.attempt, outcome, &draft.metadata).await?;
        failpoint::reach(Failpoint::OutcomeRecorded);
        Ok(())
    }

    /// The message as it was queued, and on whose behalf; however long the log is away, for nothing has begun and
    /// nobody else may begin while the lease is renewed.
    async fn draft(&self, lease: &Lease) -> Result<Option<Draft>, LogError> {
        let stream = StreamName {
            category: Category::Message,
            tenant: lease.tenant_id,
            id: lease.message_id.0,
        };
        let history = loop {
            match self.executor.log().read_stream(stream).await {
                Err(LogError::Unavailable(_)) => tokio::time::sleep(LOG_RETRY_WAIT).await,
                read => break read?,
            }
        };
        let causation_id = history.last().map(|last| last.id);
        let Some(first) = history.into_iter().next() else { return Ok(None) };
        let metadata = on_behalf_of(&first, causation_id);
        Ok(match &first.event {
            domain::event::Event::Message(MessageEvent::Queued(queued)) => {
                Some(Draft { queued: queued.clone(), metadata })
            }
            _ => None,
        })
    }

    /// Makes the attempt durable; none if the message turned out not to be one to send.
    async fn start(
        &self,
        lease: &Lease,
        metadata: &Metadata,
    ) -> Result<Option<AttemptStarted>, CommandError<message::Rejection>> {
        let command = message::Command::StartAttempt {
            message_id: lease.message_id,
            engine_takes_ids: lease.engine.is_some_and(Engine::takes_chosen_ids),
            now: self.executor.ambient().now(),
        };
        let executed = self
            .executor
            .execute::<Message>(lease.tenant_id, lease.message_id.0, command, metadata.clone())
            .await?;
        Ok(executed.events.into_iter().find_map(|event| match event {
            MessageEvent::AttemptStarted(started) => Some(started),
            _ => None,
        }))
    }

    /// Makes the outcome durable, however long the log is away.
    async fn record(
        &self,
        lease: &Lease,
        attempt: u32,
        outcome: SendOutcome,
        metadata: &Metadata,
    ) -> Result<(), CommandError<message::Rejection>> {
        let now = self.executor.ambient().now();
        let command = match outcome {
            SendOutcome::Sent { waha_message_id } => {
                message::Command::ConfirmSent { attempt, waha_message_id, now }
            }
            SendOutcome::Refused { refusal, .. } => message::Command::ReportRefusal {
                attempt,
                refusal,
                retry: self.retry,
                jitter: self.fraction(),
                now,
            },
            SendOutcome::Unknown { detail, .. } => {
                message::Command::ReportUnknown { attempt, detail, now }
            }
        };
        loop {
            let (tenant, id) = (lease.tenant_id, lease.message_id.0);
            let executed =
                self.executor.execute::<Message>(tenant, id, command.clone(), metadata.clone());
            match executed.await {
                Ok(_) => return Ok(()),
                Err(CommandError::Log(LogError::Unavailable(_)) | CommandError::Contended) => {
                    tokio::time::sleep(LOG_RETRY_WAIT).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn tell(
        &self,
        lease: &Lease,
        command: message::Command,
    ) -> Result<(), CommandError<message::Rejection>> {
        let Some(draft) = self.draft(lease).await.map_err(CommandError::Log)? else {
            return Ok(());
        };
        self.executor
            .execute::<Message>(lease.tenant_id, lease.message_id.0, command, draft.metadata)
            .await?;
        Ok(())
    }

    /// WAHA said by the way how the session is: the rest of its queue waits until it works again.
    async fn report_session(&self, lease: &Lease, status: SessionStatus, metadata: &Metadata) {
        let as_of = self.executor.ambient().now();
        let report = session::Report { status, engine: None, phone: None, as_of };
        self.tell_session(lease, session::Command::Report(report), metadata).await;
    }

    /// WhatsApp lets the session write to nobody new: its other first messages wait, replies go on.
    async fn lock_reach_out(&self, lease: &Lease, detail: String, metadata: &Metadata) {
        let now = self.executor.ambient().now();
        let until = now + self.reach_out_lock;
        let command = session::Command::LockReachOut { until, detail, now };
        if self.tell_session(lease, command, metadata).await {
            metrics::counter!("heliograph_reach_out_locks_total").increment(1);
            let session = lease.session_id;
            tracing::warn!(
                session.id = %session, tenant.id = %lease.tenant_id, %until,
                "WhatsApp has locked session {session} for reaching out: it writes only to those who wrote to it"
            );
        }
    }

    /// Whether it was news to the session.
    async fn tell_session(
        &self,
        lease: &Lease,
        command: session::Command,
        metadata: &Metadata,
    ) -> bool {
        let (tenant, id) = (lease.tenant_id, lease.session_id);
        let told = self.executor.execute::<Session>(tenant, id.0, command, metadata.clone()).await;
        match told {
            Ok(executed) => !executed.events.is_empty(),
            Err(error) => {
                tracing::warn!(%error, session.id = %id, "could not record what WAHA said of the session");
                false
            }
        }
    }
}

fn on_behalf_of(first: &RecordedEvent, causation_id: Option<EventId>) -> Metadata {
    Metadata { actor: Actor::DeliverySaga, causation_id, ..first.metadata.clone() }
}

const fn outcome_name(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Sent { .. } => "sent",
        SendOutcome::Refused { .. } => "refused",
        SendOutcome::Unknown { .. } => "unknown",
    }
}

const fn failpoint_of(outcome: &SendOutcome) -> Failpoint {
    match outcome {
        SendOutcome::Sent { .. } => Failpoint::WahaAnswered,
        SendOutcome::Refused { .. } => Failpoint::WahaRefused,
        SendOutcome::Unknown { .. } => Failpoint::WahaBrokeOff,
    }
}

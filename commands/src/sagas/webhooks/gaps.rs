//! Looks in WAHA for what it may have told while nobody listened.
//!
//! ```text
//! this process begins to read webhooks ---.
//! WAHA reports a session's status --------+-> suspected (memory) -> claim (lease), once the session works
//! nothing heard for long -----------------'      -> its chats, and their messages since then      (WAHA)
//!                                                -> what is new, told as a webhook would tell it  (log)
//!                                                -> GapRepaired | GapLeft                         (log)
//! ```
//!
//! WAHA keeps webhooks it cannot deliver in memory and tries for some time; what it had to tell when it was restarted
//! is lost. Everything told here has the identity a webhook gives it, so a webhook that comes late after all changes
//! nothing. Invariant: a repair may be repeated, by anybody, at any time.

mod hearing;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::EngineId;
use domain::ports::event_log::{Actor, Metadata};
use domain::ports::missed::{Chat, MissedReader, Page};
use domain::ports::waha::{GatewayError, Observation};
use domain::session::{Command, Gap, Repair, Session};
use domain::webhook::Effect;
use domain::whatsapp::ChatId;
use failpoint::Failpoint;
use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::super::{Process, SagaError};
use super::processing::{Processing, execute};
use crate::executor::Executor;
pub(super) use hearing::Hearing;
use hearing::Suspicion;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Chats of a session that are looked at, those last written in first.
const CHATS_MAX: usize = 1_000;
const CHATS_PAGE: usize = 50;
/// Messages of a chat that are looked at, the latest first.
const MESSAGES_MAX: usize = 1_000;
const MESSAGES_PAGE: usize = 100;

/// How gaps are repaired.
#[derive(Debug, Clone, Copy)]
pub struct GapOptions {
    /// How far back is looked at most; nothing is looked for if it is zero.
    pub window: TimeDelta,
    /// How long a suspicion waits: WAHA repeats webhooks, and takes its time once it is connected again.
    pub wait: TimeDelta,
    /// A session that is silent for so long is asked.
    pub silence: TimeDelta,
}

/// Repairs gaps, one session at a time in all processes together.
pub(super) struct Gaps {
    hearing: Hearing,
    executor: Executor,
    chats: Arc<dyn MissedReader>,
    processing: Arc<Processing>,
    engine: EngineId,
    options: GapOptions,
}

/// What has come of a repair so far.
struct Findings {
    repair: Repair,
    metadata: Metadata,
}

/// A repair that did not come to its end.
enum Trouble {
    Waha(GatewayError),
    Saga(SagaError),
}

impl<E: Into<SagaError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Saga(error.into())
    }
}

impl Gaps {
    pub(super) fn new(
        process: &Process,
        hearing: Hearing,
        chats: Arc<dyn MissedReader>,
        processing: Arc<Processing>,
        options: GapOptions,
    ) -> Self {
        let Process { executor, engine, .. } = process.clone();
        Self { hearing, executor, chats, processing, engine, options }
    }

    /// Repairs until `shutdown`. A repair that is cut off is taken again when its lease runs out.
    pub(super) async fn run(&self, shutdown: &CancellationToken) {
        if self.options.window.is_zero() {
            return;
        }
        while let Some(worked) = shutdown.run_until_cancelled(self.work()).await {
            if let Err(error) = worked {
                tracing::error!(%error, "missed webhooks cannot be looked for; will try again");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn work(&self) -> Result<(), SagaError> {
        let suspicions = self.hearing.claim(self.engine).await?;
        join_all(suspicions.iter().map(|suspicion| self.look_into(suspicion)))
            .await
            .into_iter()
            .collect()
    }

    async fn look_into(&self, suspicion: &Suspicion) -> Result<(), SagaError> {
        let now = self.executor.ambient().now();
        let Suspicion { heard_at, paired_at, .. } = *suspicion;
        let gap = Gap::since(heard_at, paired_at, now, self.options.window);
        let metadata = Metadata::new(Actor::WebhookSaga, self.executor.ambient().new_id());
        let repair = Repair { messages: 0, acknowledgements: 0, is_complete: true };
        let mut findings = Findings { repair, metadata };
        match self.repair(suspicion, gap, &mut findings).await {
            Ok(()) => self.settle(suspicion, gap, findings).await,
            Err(Trouble::Saga(error)) => Err(error),
            Err(Trouble::Waha(
                GatewayError::Unavailable(reason) | GatewayError::WrongState(reason),
            )) => {
                tracing::debug!(session.id = %suspicion.session_id, reason, "WAHA cannot be asked now");
                Ok(self.hearing.postpone(self.engine, suspicion).await?)
            }
            Err(Trouble::Waha(error)) => {
                self.leave(suspicion, gap, error.to_string(), findings.metadata).await
            }
        }
    }

    /// Looks at the chats in which something was written since, and at the last message of those before: it may have
    /// been read since.
    async fn repair(
        &self,
        suspicion: &Suspicion,
        gap: Gap,
        findings: &mut Findings,
    ) -> Result<(), Trouble> {
        let horizon = (gap.to - self.options.window).max(suspicion.paired_at);
        for offset in (0..CHATS_MAX).step_by(CHATS_PAGE) {
            let page = Page { offset, limit: CHATS_PAGE };
            let chats = self.chats.chats(suspicion.session(), page).await;
            let chats = chats.map_err(Trouble::Waha)?;
            let is_last = chats.len() < CHATS_PAGE;
            for chat in chats {
                match &chat {
                    Chat { chat_id: Some(id), last_at: Some(at), .. } if *at >= gap.from => {
                        self.hear(suspicion, id, gap.from, findings).await?;
                    }
                    Chat { last_at: Some(at), .. } if *at < horizon => return Ok(()),
                    Chat { last: Observation::Acknowledged { .. }, .. } => {
                        self.tell(suspicion, chat.last, findings).await?;
                    }
                    _ => {}
                }
            }
            if is_last {
                return Ok(());
            }
        }
        findings.repair.is_complete = false;
        Ok(())
    }

    /// Tells what was said in a chat, oldest first.
    async fn hear(
        &self,
        suspicion: &Suspicion,
        chat: &ChatId,
        since: DateTime<Utc>,
        findings: &mut Findings,
    ) -> Result<(), Trouble> {
        self.hearing.renew(self.engine, suspicion).await?;
        let mut said = Vec::new();
        for offset in (0..MESSAGES_MAX).step_by(MESSAGES_PAGE) {
            let page = Page { offset, limit: MESSAGES_PAGE };
            let listed = self.chats.messages(suspicion.session(), chat, since, page).await;
            let listed = listed.map_err(Trouble::Waha)?;
            let is_last = listed.len() < MESSAGES_PAGE;
            said.extend(listed);
            if is_last {
                break;
            }
        }
        findings.repair.is_complete &= said.len() < MESSAGES_MAX;
        for observation in said.into_iter().rev() {
            self.tell(suspicion, observation, findings).await?;
        }
        Ok(())
    }

    async fn tell(
        &self,
        suspicion: &Suspicion,
        observation: Observation,
        findings: &mut Findings,
    ) -> Result<(), Trouble> {
        let count = match observation {
            Observation::Arrived(_) => &mut findings.repair.messages,
            Observation::Acknowledged { .. } | Observation::Echoed { .. } => {
                &mut findings.repair.acknowledgements
            }
            _ => return Ok(()),
        };
        let (tenant, session) = (suspicion.tenant_id, suspicion.session_id);
        let effect =
            self.processing.observe(tenant, session, observation, &findings.metadata).await?;
        *count += u32::from(effect == Effect::Applied);
        Ok(())
    }

    async fn settle(
        &self,
        suspicion: &Suspicion,
        gap: Gap,
        Findings { repair, metadata }: Findings,
    ) -> Result<(), SagaError> {
        let Repair { messages, acknowledgements, is_complete } = repair;
        if messages + acknowledgements > 0 {
            failpoint::reach(Failpoint::GapFilled);
            tracing::warn!(
                session.id = %suspicion.session_id, from = %gap.from, messages, acknowledgements,
                is_complete, "WAHA's webhooks were missed; what they told was read from its chats"
            );
        }
        let now = self.executor.ambient().now();
        self.record(suspicion, Command::RecordRepair { gap, repair, now }, metadata).await?;
        if messages + acknowledgements > 0 {
            failpoint::reach(Failpoint::RepairRecorded);
        }
        let news = [("message", messages), ("acknowledgement", acknowledgements)];
        for (kind, count) in news {
            metrics::counter!("heliograph_missed_webhooks_total", "kind" => kind)
                .increment(count.into());
        }
        Ok(self.hearing.repaired(self.engine, suspicion, gap.to).await?)
    }

    /// WAHA does not show it, and would not if it were asked again.
    async fn leave(
        &self,
        suspicion: &Suspicion,
        gap: Gap,
        reason: String,
        metadata: Metadata,
    ) -> Result<(), SagaError> {
        let now = self.executor.ambient().now();
        let leave = Command::LeaveGap { gap, reason: reason.clone(), now };
        if self.record(suspicion, leave, metadata).await? == Effect::Applied {
            tracing::warn!(
                session.id = %suspicion.session_id, reason,
                "what WAHA told while nobody listened cannot be looked for"
            );
        }
        Ok(self.hearing.repaired(self.engine, suspicion, gap.to).await?)
    }

    async fn record(
        &self,
        suspicion: &Suspicion,
        command: Command,
        metadata: Metadata,
    ) -> Result<Effect, SagaError> {
        let (tenant, id) = (suspicion.tenant_id, suspicion.session_id.0);
        execute::<Session>(&self.executor, tenant, id, command, metadata).await
    }
}

//! Looks in WAHA for messages whose outcome is unknown.
//!
//! ```text
//! unknown_outcomes -> claim (lease) -> the message as queued, its latest attempt     (log)
//!                                   -> the chat's messages of ours                   (WAHA)
//!                                   -> recognise (pure) -> RecordLook                (log)
//! ```
//!
//! A look may be repeated: it changes nothing in WAHA, and the message takes no report of a doubt that is settled.
//! While WAHA is away nothing is concluded; one that fails every time says so in the end.

use std::sync::Arc;
use std::time::Duration;

use domain::event::Event;
use domain::id::{EngineId, MessageId, TenantId};
use domain::message::doubt::{Finding, SettlePolicy};
use domain::message::event::{AttemptStarted, Event as MessageEvent, Queued};
use domain::message::{self, Message};
use domain::ports::event_log::{Actor, LogError, Metadata, RecordedEvent};
use domain::ports::waha::{ChatReader, GatewayError, SessionAddress};
use domain::sagas::recognition::{CLOCKS_APART_MAX, Wanted, recognise};
use domain::stream::{Category, StreamName};
use domain::tenant::Tenant;
use failpoint::Failpoint;
use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::super::{Process, SagaError};
use super::doubts::{Doubt, Doubts};
use crate::executor::{CommandError, Executor};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// WAHA may be away, or fail, this often before that is what a look came to: a quarter of an hour.
const TRIES_MAX: u32 = 20;
/// Other messages compared with; a chat with more of them has one of the same text, for all we know.
const RIVALS_MAX: i64 = 20;

pub(super) struct Reconciler {
    doubts: Doubts,
    executor: Executor,
    chats: Arc<dyn ChatReader>,
    engine: EngineId,
    policy: SettlePolicy,
}

/// A message in doubt, as the log tells of it.
struct Case {
    queued: Queued,
    attempt: AttemptStarted,
    metadata: Metadata,
}

impl Reconciler {
    pub(super) fn new(
        process: &Process,
        doubts: Doubts,
        chats: Arc<dyn ChatReader>,
        policy: SettlePolicy,
    ) -> Self {
        let Process { executor, engine, .. } = process.clone();
        Self { doubts, executor, chats, engine, policy }
    }

    /// Looks until `shutdown`. A look that is cut off is taken again when its lease runs out.
    pub(super) async fn run(&self, shutdown: &CancellationToken) {
        while let Some(worked) = shutdown.run_until_cancelled(self.work()).await {
            if let Err(error) = worked {
                tracing::error!(%error, "unknown outcomes cannot be settled; will try again");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn work(&self) -> Result<(), SagaError> {
        let doubts = self.doubts.claim(self.engine).await?;
        let looks = doubts.iter().map(async |doubt| {
            let looked = self.look(doubt).await;
            if looked.is_err() {
                // Nobody needs to wait for the lease to run out; if this fails too, that is what happens.
                let _ = self.doubts.postpone(self.engine, doubt).await;
            }
            looked
        });
        join_all(looks).await.into_iter().collect()
    }

    async fn look(&self, doubt: &Doubt) -> Result<(), SagaError> {
        let Some(case) = self.case(doubt.tenant_id, doubt.message_id).await? else {
            return Ok(());
        };
        let finding = match self.find(doubt, &case).await? {
            Ok(finding) => finding,
            Err(GatewayError::Unavailable(reason) | GatewayError::WrongState(reason))
                if doubt.tries < TRIES_MAX =>
            {
                tracing::debug!(message.id = %doubt.message_id, reason, "WAHA cannot be looked at now");
                return Ok(self.doubts.postpone(self.engine, doubt).await?);
            }
            Err(error) => Finding::Undecidable { reason: error.to_string() },
        };
        metrics::counter!("heliograph_unknown_outcome_looks_total", "finding" => name(&finding))
            .increment(1);
        failpoint::reach(Failpoint::LookTaken);
        self.tell(doubt, case, finding).await?;
        failpoint::reach(Failpoint::LookRecorded);
        Ok(())
    }

    /// The message as it was queued, and the attempt in doubt.
    async fn case(&self, tenant: TenantId, id: MessageId) -> Result<Option<Case>, LogError> {
        let stream = StreamName { category: Category::Message, tenant, id: id.0 };
        let (mut queued, mut attempt, mut metadata) = (None, None, None);
        for recorded in self.executor.log().read_stream(stream).await? {
            let RecordedEvent { id: last, event, metadata: first, .. } =
                Arc::unwrap_or_clone(recorded);
            let on_behalf = metadata.unwrap_or(first);
            metadata = Some(Metadata {
                actor: Actor::DeliverySaga,
                causation_id: Some(last),
                ..on_behalf
            });
            match event {
                Event::Message(MessageEvent::Queued(event)) => queued = Some(event),
                Event::Message(MessageEvent::AttemptStarted(event)) => attempt = Some(event),
                _ => {}
            }
        }
        Ok(match (queued, attempt, metadata) {
            (Some(queued), Some(attempt), Some(metadata)) => {
                Some(Case { queued, attempt, metadata })
            }
            _ => None,
        })
    }

    async fn find(
        &self,
        doubt: &Doubt,
        Case { queued, attempt, .. }: &Case,
    ) -> Result<Result<Finding, GatewayError>, SagaError> {
        if !doubt.is_open {
            return Ok(Ok(undecidable("its session was deleted")));
        }
        let session = SessionAddress { server: &doubt.server, waha_session: &doubt.waha_session };
        let chat = &doubt.chat_id;
        let since = attempt.at - CLOCKS_APART_MAX;
        let seen = match self.chats.own_messages(session, chat, since).await {
            Ok(seen) => seen,
            Err(error) => return Ok(Err(error)),
        };
        // First who may be a rival, then whose ids are known: one that is sent in between is found either way.
        let wanted = Wanted {
            chosen: attempt.waha_message_id.as_ref(),
            body: queued.body.as_str(),
            since: attempt.at,
            has_rival: self.has_rival(doubt, queued).await?,
        };
        let ids: Vec<_> = seen.messages.iter().map(|own| &own.sighting.waha_message_id).collect();
        let claimed = self.doubts.claimed(doubt, &ids).await?;
        let finding = recognise(&wanted, &seen, &claimed);
        if finding != Finding::Absent {
            return Ok(Ok(finding));
        }
        // The server it was sent through is asked no more, and the one it is on now may never have seen it.
        if doubt.moved_at.is_some_and(|moved_at| attempt.at <= moved_at) {
            return Ok(Ok(undecidable("its session was moved to another WAHA server since")));
        }
        let remembers = self.chats.remembers(session, chat, attempt.at).await;
        let forgetful = || undecidable("WAHA has been restarted since and shows nothing older");
        Ok(remembers.map(|remembers| if remembers { finding } else { forgetful() }))
    }

    /// Whether another message to the same chat that may have been sent has the same text.
    async fn has_rival(&self, doubt: &Doubt, queued: &Queued) -> Result<bool, SagaError> {
        let rivals = self.doubts.rivals(doubt, RIVALS_MAX).await?;
        if i64::try_from(rivals.len()).is_ok_and(|count| count >= RIVALS_MAX) {
            return Ok(true);
        }
        for rival in rivals {
            let rival = self.case(doubt.tenant_id, rival).await?;
            if rival.is_some_and(|rival| rival.queued.body == queued.body) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn tell(&self, doubt: &Doubt, case: Case, finding: Finding) -> Result<(), SagaError> {
        let (tenant, id) = (doubt.tenant_id, doubt.message_id);
        let policy = self.policy_of(tenant).await?;
        let now = self.executor.ambient().now();
        let command =
            message::Command::RecordLook { attempt: case.attempt.attempt, finding, policy, now };
        let told = self.executor.execute::<Message>(tenant, id.0, command, case.metadata).await;
        match told {
            Ok(executed) => {
                for event in executed.events {
                    if let MessageEvent::LeftUnknown(left) = event {
                        tracing::warn!(
                            message.id = %id, tenant.id = %tenant, reason = left.reason,
                            "the outcome of message {id} stays unknown until a person settles it"
                        );
                    }
                }
                Ok(())
            }
            // Settled meanwhile.
            Err(CommandError::Rejected(_)) => Ok(()),
            Err(error) => Err(SagaError::Command(error.into())),
        }
    }

    async fn policy_of(&self, tenant: TenantId) -> Result<SettlePolicy, LogError> {
        let on_unknown = match self.executor.load::<Tenant>(tenant, tenant.0).await? {
            Tenant::Present(tenant) => tenant.on_unknown,
            Tenant::Absent => None,
        };
        let on_unknown = on_unknown.unwrap_or(self.policy.on_unknown);
        Ok(SettlePolicy { on_unknown, ..self.policy })
    }
}

fn undecidable(reason: &str) -> Finding {
    Finding::Undecidable { reason: reason.to_owned() }
}

const fn name(finding: &Finding) -> &'static str {
    match finding {
        Finding::Found(_) => "found",
        Finding::Absent => "absent",
        Finding::Undecidable { .. } => "undecidable",
    }
}

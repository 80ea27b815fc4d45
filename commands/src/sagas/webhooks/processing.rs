//! From what a webhook says to the command it means.

use std::collections::HashMap;
use std::sync::Arc;

use domain::event::Event;
use domain::id::{MessageId, SessionId, TenantId};
use domain::message::{self, Message, event::Received};
use domain::ports::event_log::{Actor, Metadata, RecordedEvent};
use domain::ports::waha::{Observation, WebhookReader};
use domain::sagas::webhooks::{Acknowledgement, Identity, Reaction, react};
use domain::session::Session;
use domain::webhook::{self, Effect, Webhook};
use domain::whatsapp::Ack;
use failpoint::Failpoint;
use futures::stream::{self, StreamExt, TryStreamExt};
use sqlx::PgPool;
use uuid::Uuid;

use super::super::SagaError;
use super::super::delivery::doubts;
use super::contacts::Contacts;
use super::deadlines::Deadlines;
use super::identities::Identities;
use crate::executor::{CommandError, Executor};

/// Webhooks worked on at a time. Those of one session stay in order.
const CONCURRENT_MAX: usize = 16;

pub(super) struct Processing {
    pool: PgPool,
    executor: Executor,
    reader: Arc<dyn WebhookReader>,
    identities: Identities,
    contacts: Contacts,
    deadlines: Deadlines,
}

impl Processing {
    pub(super) fn new(
        pool: PgPool,
        executor: Executor,
        reader: Arc<dyn WebhookReader>,
        identities: Identities,
        contacts: Contacts,
        deadlines: Deadlines,
    ) -> Self {
        Self { pool, executor, reader, identities, contacts, deadlines }
    }

    /// Whether the event is a webhook to be processed.
    pub(super) fn concerns(event: &RecordedEvent) -> bool {
        matches!(event.event, Event::Webhook(webhook::Event::Received(_)))
    }

    /// Processes the webhooks among `events`.
    pub(super) async fn process(&self, events: Vec<Arc<RecordedEvent>>) -> Result<(), SagaError> {
        let mut by_session: HashMap<Option<SessionId>, Vec<Arc<RecordedEvent>>> = HashMap::new();
        for recorded in events {
            if let Event::Webhook(webhook::Event::Received(received)) = &recorded.event {
                by_session.entry(received.session_id).or_default().push(recorded);
            }
        }
        stream::iter(by_session.into_values())
            .map(|webhooks| self.process_in_order(webhooks))
            .buffer_unordered(CONCURRENT_MAX)
            .try_collect()
            .await
    }

    async fn process_in_order(&self, webhooks: Vec<Arc<RecordedEvent>>) -> Result<(), SagaError> {
        for recorded in webhooks {
            if let Event::Webhook(webhook::Event::Received(received)) = &recorded.event {
                self.process_one(&recorded, received).await?;
            }
        }
        Ok(())
    }

    /// Passes on what was held until these ids were known.
    pub(super) async fn tell_held(&self, learnt: &[Identity]) -> Result<(), SagaError> {
        let held = self.identities.held(learnt).await?;
        for (identity, news) in &held {
            let metadata = Metadata::new(Actor::WebhookSaga, identity.message.0);
            self.tell_news(identity.tenant, identity.message, news.clone(), metadata).await?;
        }
        for (identity, _) in held {
            failpoint::reach(Failpoint::HeldNewsTold);
            self.identities.forget(identity).await?;
        }
        Ok(())
    }

    async fn process_one(
        &self,
        recorded: &RecordedEvent,
        received: &webhook::Received,
    ) -> Result<(), SagaError> {
        let metadata = Metadata {
            actor: Actor::WebhookSaga,
            causation_id: Some(recorded.id),
            ..recorded.metadata.clone()
        };
        let tenant = recorded.stream.tenant;
        let effect = match received.session_id {
            None => Effect::Orphaned,
            Some(session) => {
                self.observe(tenant, session, self.reader.read(received), &metadata).await?
            }
        };
        failpoint::reach(Failpoint::EffectDurable);
        metrics::counter!("heliograph_webhooks_processed_total", "effect" => effect.as_str())
            .increment(1);
        let now = self.executor.ambient().now();
        let fingerprint = received.fingerprint.clone();
        let command = webhook::Command::RecordEffect { fingerprint, effect, now };
        execute::<Webhook>(&self.executor, tenant, recorded.stream.id, command, metadata).await?;
        failpoint::reach(Failpoint::WebhookProcessed);
        Ok(())
    }

    /// Tells whom it concerns.
    pub(super) async fn observe(
        &self,
        tenant: TenantId,
        session: SessionId,
        observation: Observation,
        metadata: &Metadata,
    ) -> Result<Effect, SagaError> {
        let observation = match observation {
            Observation::Arrived(arrival) => {
                let arrival = self.contacts.complete(session, *arrival).await?;
                Observation::Arrived(Box::new(arrival))
            }
            other => other,
        };
        self.carry_out(tenant, session, react(session, observation), metadata).await
    }

    async fn carry_out(
        &self,
        tenant: TenantId,
        session: SessionId,
        reaction: Reaction,
        metadata: &Metadata,
    ) -> Result<Effect, SagaError> {
        match reaction {
            Reaction::Acknowledge(news) => self.acknowledge(tenant, session, news, metadata).await,
            Reaction::Echo(news, chat_id) => {
                let effect = self.acknowledge(tenant, session, news, metadata).await?;
                if let (Effect::Held, Some(chat_id)) = (effect, chat_id) {
                    let chat_id = self.contacts.chat_by_number(session, chat_id).await?;
                    doubts::hurry(&self.pool, session, &chat_id).await?;
                }
                Ok(effect)
            }
            Reaction::Receive { id, hidden, received } => {
                self.receive(tenant, id, hidden, received, metadata.clone()).await
            }
            Reaction::Session(command) => {
                let id = session.0;
                execute::<Session>(&self.executor, tenant, id, command, metadata.clone()).await
            }
            Reaction::Nothing => Ok(Effect::Ignored),
            Reaction::Unrecognised => Ok(Effect::Unrecognised),
        }
    }

    async fn receive(
        &self,
        tenant: TenantId,
        id: MessageId,
        hidden: Option<MessageId>,
        received: Box<Received>,
        metadata: Metadata,
    ) -> Result<Effect, SagaError> {
        if let Some(hidden) = hidden
            && self.executor.load::<Message>(tenant, hidden.0).await? != Message::Absent
        {
            return Ok(Effect::AlreadyKnown);
        }
        self.tell(tenant, id, message::Command::Receive(received), metadata).await
    }

    async fn acknowledge(
        &self,
        tenant: TenantId,
        session: SessionId,
        news: Acknowledgement,
        metadata: &Metadata,
    ) -> Result<Effect, SagaError> {
        if let Some(message) = self.identities.find(session, &news.waha_message_id).await? {
            return self.tell_news(tenant, message, news, metadata.clone()).await;
        }
        self.identities.hold(session, &news).await?;
        failpoint::reach(Failpoint::NewsHeld);
        // Whose it is may have been learnt just now: chats are looked at beside the webhooks.
        match self.identities.find(session, &news.waha_message_id).await? {
            Some(message) => self.tell_news(tenant, message, news, metadata.clone()).await,
            None => Ok(Effect::Held),
        }
    }

    async fn tell_news(
        &self,
        tenant: TenantId,
        message: MessageId,
        news: Acknowledgement,
        metadata: Metadata,
    ) -> Result<Effect, SagaError> {
        let (ack, at) = (news.ack, news.at);
        let effect = self.tell(tenant, message, news.into_command(), metadata).await?;
        // What is further than this is told by the message's own events.
        if ack == Ack::Server {
            self.deadlines.acknowledged(tenant, message, at).await?;
        }
        Ok(effect)
    }

    async fn tell(
        &self,
        tenant: TenantId,
        id: MessageId,
        command: message::Command,
        metadata: Metadata,
    ) -> Result<Effect, SagaError> {
        execute::<Message>(&self.executor, tenant, id.0, command, metadata).await
    }
}

/// Executes a command that a refusal makes pointless rather than wrong.
pub(super) async fn execute<A>(
    executor: &Executor,
    tenant: TenantId,
    id: Uuid,
    command: A::Command,
    metadata: Metadata,
) -> Result<Effect, SagaError>
where
    A: domain::aggregate::Aggregate<
            Event: Into<Event> + TryFrom<Event, Error = domain::event::ForeignEvent> + Clone + Send,
        >,
    A::Rejection: std::error::Error + Send + Sync + 'static,
{
    match executor.execute::<A>(tenant, id, command, metadata).await {
        Ok(executed) if executed.events.is_empty() => Ok(Effect::AlreadyKnown),
        Ok(_) => Ok(Effect::Applied),
        Err(CommandError::Rejected(rejection)) => {
            tracing::debug!(%rejection, %id, tenant.id = %tenant, "a webhook's news was refused");
            Ok(Effect::AlreadyKnown)
        }
        Err(error) => Err(SagaError::Command(error.into())),
    }
}

//! The only way a command reaches an aggregate: load, decide, append.
//!
//! If somebody else appended in between, the command is decided again on what is true now. Invariant: what
//! is appended was decided on exactly the events before it.

use std::sync::Arc;

use domain::aggregate::Aggregate;
use domain::event::{Event, ForeignEvent};
use domain::id::{EventId, TenantId};
use domain::ports::Ambient;
use domain::ports::event_log::{EventLog, LogError, Metadata, NewEvent, RecordedEvent};
use domain::stream::{ExpectedVersion, Position, StreamName, Version};
use uuid::Uuid;

/// Decisions are taken again this often before the command is refused as contended.
const TRIES_MAX: u32 = 32;

/// Executes commands.
#[derive(Clone)]
pub struct Executor {
    log: Arc<dyn EventLog>,
    ambient: Arc<dyn Ambient>,
}

/// What a command led to.
#[derive(Debug)]
pub struct Executed<E> {
    /// What happened; empty if it was already so.
    pub events: Vec<E>,
    /// The stream's last event's place in the log: who reads at least so far sees what came of the command.
    pub position: Position,
}

/// What a stream's events come to.
struct Replayed<A> {
    state: A,
    version: Version,
    position: Position,
}

/// Why a command led to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R: std::error::Error + 'static> {
    /// The aggregate refuses it.
    #[error("the command is refused")]
    Rejected(#[source] R),
    /// Others were faster, again and again.
    #[error("too many others are changing the same thing")]
    Contended,
    /// The log could not do it.
    #[error("the event log failed")]
    Log(#[source] LogError),
}

impl Executor {
    /// An executor over `log`.
    pub fn new(log: Arc<dyn EventLog>, ambient: Arc<dyn Ambient>) -> Self {
        Self { log, ambient }
    }

    /// Time, ids and randomness, to fill commands with.
    pub fn ambient(&self) -> &dyn Ambient {
        &*self.ambient
    }

    /// The log commands are executed on.
    pub fn log(&self) -> &dyn EventLog {
        &*self.log
    }

    /// Executes a command on the aggregate `id` of `tenant`.
    pub async fn execute<A>(
        &self,
        tenant: TenantId,
        id: Uuid,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Executed<A::Event>, CommandError<A::Rejection>>
    where
        A: Aggregate<Event: Into<Event> + TryFrom<Event, Error = ForeignEvent> + Clone>,
        A::Rejection: std::error::Error + 'static,
    {
        let stream = StreamName { category: A::CATEGORY, tenant, id };
        for _ in 0..TRIES_MAX {
            let Replayed { state, version, position } =
                self.replay::<A>(stream).await.map_err(CommandError::Log)?;
            let events = state.decide(command.clone()).map_err(CommandError::Rejected)?;
            if events.is_empty() {
                return Ok(Executed { events, position });
            }
            let appended = self.append(stream, version, &events, &metadata).await;
            if let Some(position) = appended.map_err(CommandError::Log)? {
                return Ok(Executed { events, position });
            }
        }
        Err(CommandError::Contended)
    }

    /// Executes the first command of an aggregate that in all likelihood has no events: it is not looked for, and
    /// found only if the log says that it is there.
    pub async fn begin<A>(
        &self,
        tenant: TenantId,
        id: Uuid,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Executed<A::Event>, CommandError<A::Rejection>>
    where
        A: Aggregate<Event: Into<Event> + TryFrom<Event, Error = ForeignEvent> + Clone>,
        A::Rejection: std::error::Error + 'static,
    {
        let stream = StreamName { category: A::CATEGORY, tenant, id };
        let events = match A::default().decide(command.clone()) {
            Ok(events) if !events.is_empty() => events,
            _ => return self.execute::<A>(tenant, id, command, metadata).await,
        };
        let appended = self.append(stream, Version::default(), &events, &metadata).await;
        match appended.map_err(CommandError::Log)? {
            Some(position) => Ok(Executed { events, position }),
            None => self.execute::<A>(tenant, id, command, metadata).await,
        }
    }

    /// The aggregate's present state.
    pub async fn load<A>(&self, tenant: TenantId, id: Uuid) -> Result<A, LogError>
    where
        A: Aggregate<Event: TryFrom<Event, Error = ForeignEvent>>,
    {
        let stream = StreamName { category: A::CATEGORY, tenant, id };
        self.replay::<A>(stream).await.map(|replayed| replayed.state)
    }

    async fn replay<A>(&self, stream: StreamName) -> Result<Replayed<A>, LogError>
    where
        A: Aggregate<Event: TryFrom<Event, Error = ForeignEvent>>,
    {
        let (mut state, mut version, mut position) =
            (A::default(), Version::default(), Position::START);
        for recorded in self.log.read_stream(stream).await? {
            (version, position) = (recorded.version, recorded.position);
            state = state.evolve(&own_event::<A>(recorded)?);
        }
        Ok(Replayed { state, version, position })
    }

    /// Appends what was decided at a version; none if somebody was faster.
    async fn append<E: Into<Event> + Clone>(
        &self,
        stream: StreamName,
        version: Version,
        events: &[E],
        metadata: &Metadata,
    ) -> Result<Option<Position>, LogError> {
        let new = events.iter().cloned().map(|event| self.new_event(event, metadata)).collect();
        match self.log.append(stream, ExpectedVersion::Exact(version), new).await {
            Ok(appended) => Ok(Some(appended.position)),
            Err(LogError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn new_event(&self, event: impl Into<Event>, metadata: &Metadata) -> NewEvent {
        let id = EventId(self.ambient.new_id());
        NewEvent { id, event: event.into(), metadata: metadata.clone() }
    }
}

/// The event as the aggregate's own; a foreign one in its stream is a corruption that is reported.
fn own_event<A>(recorded: RecordedEvent) -> Result<A::Event, LogError>
where
    A: Aggregate<Event: TryFrom<Event, Error = ForeignEvent>>,
{
    let RecordedEvent { stream, version, position, stored, event, .. } = recorded;
    A::Event::try_from(event).map_err(|foreign| LogError::Unreadable {
        stream: stream.to_string(),
        version,
        position,
        event_type: stored.event_type.to_owned(),
        source: foreign.into(),
    })
}

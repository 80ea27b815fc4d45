//! The only way a command reaches an aggregate: load, decide, append.
//!
//! If somebody else appended in between, the command is decided again on what is true now. Invariant: what
//! is appended was decided on exactly the events before it. What was folded before is used again: the log refuses
//! an append to a stream that has moved on, and where nothing is appended it is asked whether it has.
//!
//! A command of a request that is carried out once ([`CommandId`]) names its events after the request, and looks for them
//! in its stream, read anew, before it decides. Between that look and its append the stream has not moved, or the append
//! is refused: so however many processes carry the request out, its events are there once.

mod folds;

use std::sync::Arc;

use domain::aggregate::Aggregate;
use domain::command_id::CommandId;
use domain::event::{Event, ForeignEvent};
use domain::id::{EventId, TenantId};
use domain::ports::Ambient;
use domain::ports::event_log::{Appended, EventLog, LogError, Metadata, NewEvent, RecordedEvent};
use domain::stream::{ExpectedVersion, Position, StreamName};
use uuid::Uuid;

use folds::{Fold, Folds};

/// Decisions are taken again this often before the command is refused as contended.
const TRIES_MAX: u32 = 32;

/// Executes commands.
#[derive(Clone)]
pub struct Executor {
    log: Arc<dyn EventLog>,
    ambient: Arc<dyn Ambient>,
    folds: Arc<Folds>,
}

/// What a command led to.
#[derive(Debug)]
pub struct Executed<E> {
    /// What happened; empty if it was already so.
    pub events: Vec<E>,
    /// The last event's place in the log, its stream's if nothing happened: who reads at least so far sees what came of
    /// the command.
    pub position: Position,
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
    Log(#[from] LogError),
}

impl Executor {
    /// An executor over `log`.
    pub fn new(log: Arc<dyn EventLog>, ambient: Arc<dyn Ambient>) -> Self {
        Self { log, ambient, folds: Arc::new(Folds::new()) }
    }

    /// Time, ids and randomness, to fill commands with.
    pub fn ambient(&self) -> &dyn Ambient {
        &*self.ambient
    }

    /// The id of something that is made, such as a `message`: that of the request which is carried out once, each time it
    /// is, else a new one.
    pub fn new_id(&self, metadata: &Metadata, what: &str) -> Uuid {
        let named = metadata.command_id.map(|command| command.id_of(what));
        named.unwrap_or_else(|| self.ambient.new_id())
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
            let remembered = match metadata.command_id {
                Some(_) => None,
                None => self.folds.get::<A>(stream),
            };
            let is_fresh = remembered.is_none();
            let fold = if let Some(fold) = remembered {
                fold
            } else {
                let recorded = self.log.read_stream(stream).await?;
                if let Some(done) = led_to::<A>(stream, &recorded, metadata.command_id)? {
                    return Ok(done);
                }
                self.fold::<A>(stream, recorded)?
            };
            let events = match fold.state.decide(command.clone()) {
                Ok(events) if !events.is_empty() => events,
                // Nothing is appended, so nothing but a look tells whether this was decided on what is true now.
                nothing => {
                    let is_current = is_fresh || self.is_current(stream, &fold).await?;
                    if !is_current {
                        continue;
                    }
                    let events = nothing.map_err(CommandError::Rejected)?;
                    return Ok(Executed { events, position: fold.position });
                }
            };
            if let Some(position) = self.append(stream, &fold, &events, &metadata).await? {
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
        let absent = Fold::<A>::default();
        let events = match absent.state.decide(command.clone()) {
            Ok(events) if !events.is_empty() => events,
            _ => return self.execute::<A>(tenant, id, command, metadata).await,
        };
        match self.append(stream, &absent, &events, &metadata).await? {
            Some(position) => Ok(Executed { events, position }),
            None => self.execute::<A>(tenant, id, command, metadata).await,
        }
    }

    /// What a request that was begun before has led to in the aggregate `id` already; none if it is begun for the first
    /// time, or has not come so far.
    pub async fn done<A>(
        &self,
        tenant: TenantId,
        id: Uuid,
        metadata: &Metadata,
    ) -> Result<Option<Executed<A::Event>>, LogError>
    where
        A: Aggregate<Event: TryFrom<Event, Error = ForeignEvent>>,
    {
        let command_id = metadata.command_id.filter(|command| command.is_repeat());
        if command_id.is_none() {
            return Ok(None);
        }
        let stream = StreamName { category: A::CATEGORY, tenant, id };
        led_to::<A>(stream, &self.log.read_stream(stream).await?, command_id)
    }

    /// The aggregate's present state.
    pub async fn load<A>(&self, tenant: TenantId, id: Uuid) -> Result<A, LogError>
    where
        A: Aggregate<Event: TryFrom<Event, Error = ForeignEvent>>,
    {
        let stream = StreamName { category: A::CATEGORY, tenant, id };
        if let Some(fold) = self.folds.get::<A>(stream)
            && self.is_current(stream, &fold).await?
        {
            return Ok(fold.state.clone());
        }
        let recorded = self.log.read_stream(stream).await?;
        Ok(self.fold::<A>(stream, recorded)?.state.clone())
    }

    /// Whether nothing was appended since; if something was, the fold is forgotten.
    async fn is_current<A: Aggregate>(
        &self,
        stream: StreamName,
        fold: &Fold<A>,
    ) -> Result<bool, LogError> {
        let is_current = self.log.version(stream).await? == fold.version;
        if !is_current {
            self.folds.forget(stream);
        }
        Ok(is_current)
    }

    /// What a whole stream comes to.
    fn fold<A>(
        &self,
        stream: StreamName,
        recorded: Vec<Arc<RecordedEvent>>,
    ) -> Result<Arc<Fold<A>>, LogError>
    where
        A: Aggregate<Event: TryFrom<Event, Error = ForeignEvent>>,
    {
        let mut fold = Fold::<A>::default();
        for recorded in recorded {
            (fold.version, fold.position) = (recorded.version, recorded.position);
            fold.state = fold.state.evolve(&own_event::<A>(Arc::unwrap_or_clone(recorded))?);
        }
        let fold = Arc::new(fold);
        // That there is nothing is remembered, too: most addresses are held nothing against, at every request.
        self.folds.remember(stream, Arc::clone(&fold));
        Ok(fold)
    }

    /// Appends what was decided on a fold; none if somebody was faster.
    async fn append<A>(
        &self,
        stream: StreamName,
        fold: &Fold<A>,
        events: &[A::Event],
        metadata: &Metadata,
    ) -> Result<Option<Position>, LogError>
    where
        A: Aggregate<Event: Into<Event> + Clone>,
    {
        let id = |ordinal| match metadata.command_id {
            Some(command_id) => command_id.event_id(stream, ordinal),
            None => EventId(self.ambient.new_id()),
        };
        let new = events.iter().cloned().enumerate().map(|(ordinal, event)| NewEvent {
            id: id(ordinal),
            event: event.into(),
            metadata: metadata.clone(),
        });
        let new = new.collect();
        match self.log.append(stream, ExpectedVersion::Exact(fold.version), new).await {
            Ok(Appended { version, position }) => {
                let state = events.iter().fold(fold.state.clone(), A::evolve);
                self.folds.remember(stream, Arc::new(Fold { state, version, position }));
                Ok(Some(position))
            }
            Err(LogError::Conflict { .. }) => {
                self.folds.forget(stream);
                Ok(None)
            }
            // Whether it was appended after all is not known here.
            Err(error) => {
                self.folds.forget(stream);
                Err(error)
            }
        }
    }
}

/// The events of a stream that are named after a request, and where the last of them is; none if there are none.
fn led_to<A>(
    stream: StreamName,
    recorded: &[Arc<RecordedEvent>],
    command_id: Option<CommandId>,
) -> Result<Option<Executed<A::Event>>, LogError>
where
    A: Aggregate<Event: TryFrom<Event, Error = ForeignEvent>>,
{
    let Some(command_id) = command_id else { return Ok(None) };
    let mut done: Option<Executed<A::Event>> = None;
    for recorded in recorded {
        let found = done.as_ref().map_or(0, |done| done.events.len());
        if recorded.id == command_id.event_id(stream, found) {
            let done = done
                .get_or_insert_with(|| Executed { events: vec![], position: recorded.position });
            done.events.push(own_event::<A>(RecordedEvent::clone(recorded))?);
            done.position = recorded.position;
        }
    }
    Ok(done)
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

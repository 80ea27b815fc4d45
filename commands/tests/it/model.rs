//! Random commands, told to a model in memory and to several executors on PostgreSQL: all answer alike.
//!
//! Two executors are two processes on one database, each with folds of its own, which are stale whenever the other
//! has appended; now and then one is started anew, both are asked at once, or somebody appends past them. A story that
//! fails is made as short as it can be, and told: `PROPTEST_CASES` says how many are tried.

mod memory;
mod story;

use std::sync::Arc;

use commands::executor::{CommandError, Executor};
use domain::aggregate::Aggregate;
use domain::event::{Event, ForeignEvent};
use domain::id::TenantId;
use domain::message::Message;
use domain::ports::Ambient;
use domain::ports::event_log::{EventLog, LogError};
use domain::session::Session;
use domain::stream::{Position, StreamName};
use domain::webhook::Webhook;
use proptest::test_runner::{Config, TestRunner};
use sqlx::PgPool;
use tokio::runtime::Handle;

use crate::events::{Edge, metadata, new_event};
use crate::open_log::{OpenLog, PATIENCE};
use memory::{Answer, Memory};
use story::{Asked, Past, Step, stories};

const STORIES: u32 = 24;

#[sqlx::test(migrations = "../migrations")]
async fn random_commands_come_to_the_same_in_postgresql_and_in_memory(pool: PgPool) {
    let runtime = Handle::current();
    let telling = tokio::task::spawn_blocking(move || {
        let cases = std::env::var_os("PROPTEST_CASES").map_or(STORIES, |_| Config::default().cases);
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        TestRunner::new(config).run(&stories(), |story| {
            runtime.block_on(async { Stage::set(&pool).play(&story).await });
            Ok(())
        })
    });
    if let Err(failure) = telling.await.unwrap() {
        panic!("{failure}");
    }
}

/// A process: its own log over the database, and an executor with folds of its own.
struct Process {
    log: OpenLog,
    executor: Executor,
}

impl Process {
    fn start(pool: &PgPool) -> Self {
        let log = OpenLog::over(pool);
        let executor = Executor::new(log.shared() as Arc<dyn EventLog>, Arc::new(Edge));
        Self { log, executor }
    }

    async fn execute(
        &self,
        tenant: TenantId,
        asked: &Asked,
        begins: bool,
    ) -> (Answer, Option<Position>) {
        match asked.clone() {
            Asked::Session(id, command) => self.ask::<Session>(tenant, id, command, begins).await,
            Asked::Message(id, command) => self.ask::<Message>(tenant, id, command, begins).await,
            Asked::Webhook(id, command) => self.ask::<Webhook>(tenant, id, command, begins).await,
        }
    }

    async fn ask<A>(
        &self,
        tenant: TenantId,
        id: story::Which,
        command: A::Command,
        begins: bool,
    ) -> (Answer, Option<Position>)
    where
        A: Aggregate<Event: Into<Event> + TryFrom<Event, Error = ForeignEvent> + Clone>,
        A::Rejection: std::error::Error + 'static,
    {
        let executed = if begins {
            self.executor.begin::<A>(tenant, id.uuid(), command, metadata()).await
        } else {
            self.executor.execute::<A>(tenant, id.uuid(), command, metadata()).await
        };
        match executed {
            Ok(executed) => {
                let events = executed.events.into_iter().map(Into::into).collect();
                (Ok(events), Some(executed.position))
            }
            Err(CommandError::Rejected(rejection)) => (Err(rejection.to_string()), None),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Both processes, and the model beside them, with a tenant of their own.
struct Stage<'a> {
    pool: &'a PgPool,
    tenant: TenantId,
    processes: [Process; 2],
    memory: Memory,
}

impl<'a> Stage<'a> {
    fn set(pool: &'a PgPool) -> Self {
        let processes = [Process::start(pool), Process::start(pool)];
        Self { pool, tenant: TenantId(Edge.new_id()), processes, memory: Memory::default() }
    }

    async fn play(mut self, story: &[Step]) {
        for step in story {
            self.step(step).await;
        }
        for process in &self.processes {
            self.compare_order(&process.log).await;
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Execute { by, begins, asked } => self.execute(*by, *begins, asked).await,
            Step::AtOnce(one, other) => self.at_once(one, other).await,
            Step::Load { by, asked } => self.load(*by, asked).await,
            Step::Restart { by } => self.processes[*by] = Process::start(self.pool),
            Step::Append { by, asked, at } => self.append(*by, asked.past(), *at).await,
        }
    }

    async fn execute(&mut self, by: usize, begins: bool, asked: &Asked) {
        let stream = asked.stream(self.tenant);
        let (answer, position) = self.processes[by].execute(self.tenant, asked, begins).await;
        assert_eq!(answer, self.memory.execute(stream, asked));
        if answer.as_ref().is_ok_and(Vec::is_empty) {
            assert_eq!(position, Some(self.memory.position(stream)), "the stream's last event");
        }
        self.note_position(stream).await;
    }

    /// Whoever comes first, it is as if one had come after the other.
    async fn at_once(&mut self, one: &Asked, other: &Asked) {
        let [here, there] = &self.processes;
        let stream = one.stream(self.tenant);
        let ((first, _), (second, _)) = tokio::join!(
            here.execute(self.tenant, one, false),
            there.execute(self.tenant, other, false)
        );
        let now = here.log.read_stream(stream).await.unwrap();
        let now: Vec<Event> = now.iter().map(|recorded| recorded.event.clone()).collect();
        let (mut in_order, mut in_reverse) = (self.memory.clone(), self.memory.clone());
        let answers = (in_order.execute(stream, one), in_order.execute(stream, other));
        let reversed = (in_reverse.execute(stream, other), in_reverse.execute(stream, one));
        let seen = (first, second);
        if seen == answers && now == in_order.events(stream) {
            self.memory = in_order;
        } else {
            assert_eq!(seen, (reversed.1, reversed.0));
            assert_eq!(now, in_reverse.events(stream));
            self.memory = in_reverse;
        }
        self.note_position(stream).await;
    }

    async fn load(&self, by: usize, asked: &Asked) {
        let (executor, tenant) = (&self.processes[by].executor, self.tenant);
        let events = self.memory.events(asked.stream(tenant));
        match asked {
            Asked::Session(id, _) => {
                let loaded = executor.load::<Session>(tenant, id.uuid()).await.unwrap();
                assert_eq!(loaded, memory::replay(&events));
            }
            Asked::Message(id, _) => {
                let loaded = executor.load::<Message>(tenant, id.uuid()).await.unwrap();
                assert_eq!(loaded, memory::replay(&events));
            }
            Asked::Webhook(id, _) => {
                let loaded = executor.load::<Webhook>(tenant, id.uuid()).await.unwrap();
                assert_eq!(loaded, memory::replay(&events));
            }
        }
    }

    /// Appends past the executors, twice: at the version the stream has, or is believed to have.
    async fn append(&mut self, by: usize, Past { stream, event }: Past, at: i32) {
        let stream = stream.of(self.tenant);
        let version = u32::try_from(self.memory.events(stream).len()).unwrap();
        let expected = version.saturating_add_signed(at);
        let events = [new_event(event.clone())];
        let log = &self.processes[by].log;
        let appended = log.append_at(stream, expected, &events).await;
        if expected == version {
            self.memory.append(stream, vec![event]);
            assert_eq!(appended.unwrap(), log.append_at(stream, expected, &events).await.unwrap());
        } else {
            assert!(matches!(appended, Err(LogError::Conflict { .. })), "{appended:?}");
        }
        self.note_position(stream).await;
    }

    /// Versions are those of the model, and the last event's place is kept to be compared.
    async fn note_position(&mut self, stream: StreamName) {
        let recorded = self.processes[0].log.read_stream(stream).await.unwrap();
        let versions: Vec<u32> = recorded.iter().map(|recorded| recorded.version.0).collect();
        let count = u32::try_from(self.memory.events(stream).len()).unwrap();
        assert_eq!(versions, (1..=count).collect::<Vec<_>>());
        let position = recorded.last().map_or(Position::START, |recorded| recorded.position);
        self.memory.place(stream, position);
    }

    /// The whole log, read as its readers do, holds the tenant's events in the order in which they came.
    async fn compare_order(&self, log: &OpenLog) {
        let mut seen: Vec<(StreamName, Event)> = Vec::new();
        let reading = async {
            let mut after = Position::START;
            while seen.len() < self.memory.order().len() {
                let news = log.read_all(after, 500).await.unwrap();
                let Some(last) = news.last() else {
                    log.wait(after).await;
                    continue;
                };
                after = last.position;
                let own = news.iter().filter(|recorded| recorded.stream.tenant == self.tenant);
                seen.extend(own.map(|recorded| (recorded.stream, recorded.event.clone())));
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("an event never came");
        assert_eq!(seen, self.memory.order());
    }
}

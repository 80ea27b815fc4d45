//! E1: a command is decided on exactly the events before its own.

use std::sync::Arc;

use commands::executor::{CommandError, Executor};
use domain::aggregate::Aggregate;
use domain::event::{Event, ForeignEvent};
use domain::id::{MessageId, SessionId};
use domain::message::content::CustomerMetadata;
use domain::message::event::{DeadLetterReason, Event as MessageEvent, Queued};
use domain::message::{self, Message};
use domain::ports::Ambient;
use domain::ports::event_log::EventLog;
use domain::priority::Priority;
use domain::session::event::Event as SessionEvent;
use domain::session::{Action, Command, Rejection, Session};
use domain::stream::{Category, StreamName};
use domain::waha_server::name::ServerName;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::events::{Edge, TENANT, metadata};
use crate::open_log::OpenLog;

fn create() -> Command {
    let name = "main".to_owned().try_into().unwrap();
    let server = ServerName::default();
    Command::Create { name, waha_session: "main_1".to_owned(), server, now: Edge.now() }
}

fn request(action: Action) -> Command {
    Command::Request { action, now: Edge.now() }
}

fn executor(log: &OpenLog) -> Executor {
    Executor::new(log.shared() as Arc<dyn EventLog>, Arc::new(Edge))
}

#[sqlx::test(migrations = "../migrations")]
async fn of_many_that_make_the_same_thing_one_makes_it_and_the_others_are_told(pool: PgPool) {
    let (here, there) = (OpenLog::over(&pool), OpenLog::over(&pool));
    let id = Edge.new_id();
    let mut creators = JoinSet::new();
    for creator in 0..16 {
        let executor = executor(if creator % 2 == 0 { &here } else { &there });
        creators.spawn(async move {
            executor.execute::<Session>(TENANT, id, create(), metadata()).await.map(|_| ())
        });
    }
    let results = creators.join_all().await;
    let made = results.iter().filter(|result| result.is_ok()).count();
    let told = results
        .iter()
        .filter(|r| matches!(r, Err(CommandError::Rejected(Rejection::AlreadyExists))))
        .count();
    assert_eq!((made, told), (1, 15), "{results:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_so_already_leads_to_nothing(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (executor, id) = (executor(&log), Edge.new_id());
    let made = executor.execute::<Session>(TENANT, id, create(), metadata()).await.unwrap();
    let stream = StreamName { category: Category::Session, tenant: TENANT, id };
    let recorded = log.read_stream(stream).await.unwrap();
    assert_eq!((made.events.len(), recorded.len()), (1, 1));
    assert_eq!(made.position, recorded[0].position);
    let start = request(Action::Start);
    let again = executor.execute::<Session>(TENANT, id, start, metadata()).await.unwrap();
    assert_eq!((again.events.len(), again.position), (0, made.position));
    assert_eq!(log.read_stream(stream).await.unwrap().len(), 1);
    let Session::Open(open) = executor.load::<Session>(TENANT, id).await.unwrap() else {
        panic!("not open")
    };
    assert_eq!(open.pending, Some(Action::Start));
}

/// Two processes that have both folded the same stream, of which one will have fallen behind.
struct Two {
    here: Executor,
    there: Executor,
    id: Uuid,
    _logs: [OpenLog; 2],
}

impl Two {
    async fn that_know<A>(pool: &PgPool, command: A::Command) -> Self
    where
        A: Aggregate<Event: Into<Event> + TryFrom<Event, Error = ForeignEvent> + Clone>,
        A::Rejection: std::error::Error + 'static,
    {
        let logs = [OpenLog::over(pool), OpenLog::over(pool)];
        let [here, there] = [executor(&logs[0]), executor(&logs[1])];
        let id = Edge.new_id();
        here.execute::<A>(TENANT, id, command, metadata()).await.unwrap();
        there.load::<A>(TENANT, id).await.unwrap();
        Self { here, there, id, _logs: logs }
    }

    async fn message(&self, by: &Executor, command: message::Command) -> Vec<MessageEvent> {
        by.execute::<Message>(TENANT, self.id, command, metadata()).await.unwrap().events
    }

    async fn session(&self, by: &Executor, command: Command) -> Vec<SessionEvent> {
        by.execute::<Session>(TENANT, self.id, command, metadata()).await.unwrap().events
    }
}

fn queue() -> message::Command {
    message::Command::Queue(Queued {
        session_id: SessionId(Edge.new_id()),
        to: "+6281234567890".parse().unwrap(),
        body: "Hello".to_owned().try_into().unwrap(),
        priority: Priority::Normal,
        metadata: CustomerMetadata::default(),
        client_reference: None,
        send_at: None,
        expires_at: None,
        at: Edge.now(),
    })
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_stale_fold_refuses_is_decided_again_on_what_is_true_now(pool: PgPool) {
    let two = Two::that_know::<Message>(&pool, queue()).await;
    let reason = DeadLetterReason::SessionDeleted;
    let give_up = message::Command::GiveUp { reason, now: Edge.now() };
    two.message(&two.there, give_up).await;
    // For all that was folded here it still waits, and is no dead letter.
    let redriven = two.message(&two.here, message::Command::Redrive { now: Edge.now() }).await;
    assert!(matches!(redriven[..], [MessageEvent::Redriven(_)]), "{redriven:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_stale_fold_takes_for_done_is_decided_again_on_what_is_true_now(pool: PgPool) {
    let two = Two::that_know::<Session>(&pool, create()).await;
    let done = Command::CompleteAction {
        action: Action::Start,
        server: ServerName::default(),
        now: Edge.now(),
    };
    two.session(&two.there, done).await;
    // For all that was folded here it is being started already.
    let asked = two.session(&two.here, request(Action::Start)).await;
    assert!(matches!(asked[..], [SessionEvent::ActionRequested(_)]), "{asked:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_decision_that_meets_a_newer_stream_is_taken_again_on_what_is_true_now(pool: PgPool) {
    let two = Two::that_know::<Message>(&pool, queue()).await;
    let (message_id, now) = (MessageId(two.id), Edge.now());
    let start = message::Command::StartAttempt { message_id, engine_takes_ids: false, now };
    let begun = two.message(&two.there, start.clone()).await;
    assert!(matches!(begun[..], [MessageEvent::AttemptStarted(_)]), "{begun:?}");
    // For all that was folded here it waits, and a second attempt might begin.
    let again = two.message(&two.here, start).await;
    assert!(matches!(again[..], [MessageEvent::OutcomeUnknown(_)]), "{again:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_another_process_appends_is_seen_at_once(pool: PgPool) {
    let two = Two::that_know::<Session>(&pool, create()).await;
    for action in [Action::Stop, Action::Restart, Action::Logout] {
        two.session(&two.there, request(action)).await;
        let Session::Open(open) = two.here.load::<Session>(TENANT, two.id).await.unwrap() else {
            panic!("not open")
        };
        assert_eq!(open.pending, Some(action));
    }
}

//! M8: a command of a request that is carried out once leads to its events once, however often it is executed.

use std::sync::Arc;

use commands::executor::{CommandError, Executor};
use domain::command_id::CommandId;
use domain::ports::Ambient;
use domain::ports::event_log::{EventLog, Metadata};
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

fn restart() -> Command {
    Command::Request { action: Action::Restart, now: Edge.now() }
}

fn restarted() -> Command {
    let (action, server) = (Action::Restart, ServerName::default());
    Command::CompleteAction { action, server, now: Edge.now() }
}

fn of(command_id: CommandId) -> Metadata {
    Metadata { command_id: Some(command_id), ..metadata() }
}

fn executor(log: &OpenLog) -> Executor {
    Executor::new(log.shared() as Arc<dyn EventLog>, Arc::new(Edge))
}

async fn length(log: &OpenLog, id: Uuid) -> usize {
    let stream = StreamName { category: Category::Session, tenant: TENANT, id };
    log.read_stream(stream).await.unwrap().len()
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_done_is_found_though_the_stream_has_gone_on(pool: PgPool) {
    let (here, there) = (OpenLog::over(&pool), OpenLog::over(&pool));
    let (id, request) = (Edge.new_id(), CommandId::first(Edge.new_id()));
    let begin = executor(&here);
    begin.execute::<Session>(TENANT, id, create(), metadata()).await.unwrap();
    let asked = begin.execute::<Session>(TENANT, id, restart(), of(request)).await.unwrap();
    begin.execute::<Session>(TENANT, id, restarted(), metadata()).await.unwrap();
    let before = length(&here, id).await;

    // It would be asked for anew: nothing is pending any more.
    let again = CommandId::again(request.id());
    for executor in [executor(&there), begin] {
        let found = executor.execute::<Session>(TENANT, id, restart(), of(again)).await.unwrap();
        assert_eq!((&found.events, found.position), (&asked.events, asked.position));
        let done = executor.done::<Session>(TENANT, id, &of(again)).await.unwrap().unwrap();
        assert_eq!((&done.events, done.position), (&asked.events, asked.position));
    }
    assert_eq!(length(&here, id).await, before);
}

#[sqlx::test(migrations = "../migrations")]
async fn of_many_that_carry_out_one_request_each_is_told_what_the_one_did(pool: PgPool) {
    let (here, there) = (OpenLog::over(&pool), OpenLog::over(&pool));
    let (id, request) = (Edge.new_id(), Edge.new_id());
    let mut processes = JoinSet::new();
    for n in 0..16 {
        let executor = executor(if n % 2 == 0 { &here } else { &there });
        processes.spawn(async move {
            let metadata = of(CommandId::again(request));
            if n % 4 < 2 {
                executor.begin::<Session>(TENANT, id, create(), metadata).await
            } else {
                executor.execute::<Session>(TENANT, id, create(), metadata).await
            }
        });
    }
    let results: Vec<_> = processes.join_all().await.into_iter().map(Result::unwrap).collect();
    assert!(results.iter().all(|done| done.position == results[0].position), "{results:#?}");
    assert!(results.iter().all(|done| matches!(done.events[..], [SessionEvent::Created(_)])));
    assert_eq!(length(&here, id).await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn another_request_is_decided_by_itself(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (executor, id) = (executor(&log), Edge.new_id());
    let request = || of(CommandId::again(Edge.new_id()));
    executor.execute::<Session>(TENANT, id, create(), request()).await.unwrap();
    let refused = executor.execute::<Session>(TENANT, id, create(), request()).await;
    assert!(matches!(refused, Err(CommandError::Rejected(Rejection::AlreadyExists))));
    assert!(executor.done::<Session>(TENANT, id, &request()).await.unwrap().is_none());
}

#[sqlx::test(migrations = "../migrations")]
async fn the_parts_of_one_request_are_done_each_by_itself(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (executor, id) = (executor(&log), Edge.new_id());
    let request = of(CommandId::first(Edge.new_id()));
    for _ in 0..2 {
        let made = request.clone().part("make");
        executor.execute::<Session>(TENANT, id, create(), made).await.unwrap();
        executor.execute::<Session>(TENANT, id, restart(), request.clone()).await.unwrap();
    }
    assert_eq!(length(&log, id).await, 2);
}

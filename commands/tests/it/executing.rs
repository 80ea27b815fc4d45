//! E1: a command is decided on exactly the events before its own.

use std::sync::Arc;

use commands::executor::{CommandError, Executor};
use domain::ports::Ambient;
use domain::ports::event_log::EventLog;
use domain::session::{Action, Command, Rejection, Session};
use domain::stream::{Category, StreamName};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::events::{Edge, TENANT, metadata};
use crate::open_log::OpenLog;

fn create() -> Command {
    let name = "main".to_owned().try_into().unwrap();
    Command::Create { name, waha_session: "main_1".to_owned(), now: Edge.now() }
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

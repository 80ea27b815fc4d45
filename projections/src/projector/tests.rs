use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ports::event_log::LogError;
use domain::stream::Position;

use super::checkpoint::{ProjectionStatus, statuses};
use super::standstill::Standstill;
use super::*;
use crate::batch::column;
use crate::testing::{Alone, MemoryLog, TENANT, queue};

/// Writes each event's number to a table that refuses to hold one twice.
struct Witness {
    name: &'static str,
    refuses: AtomicBool,
    panics: bool,
    /// Whether events concern it.
    is_concerned: bool,
}

impl Witness {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, refuses: AtomicBool::new(false), panics: false, is_concerned: true })
    }
}

/// The event that a refusing witness stops at.
const REFUSED: u64 = 7;

#[async_trait]
impl Projection for Witness {
    fn name(&self) -> &'static str {
        self.name
    }

    fn definition(&self) -> &'static [&'static str] {
        &[]
    }

    fn concerns(&self, _: &RecordedEvent) -> bool {
        self.is_concerned
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), sqlx::Error> {
        assert!(!self.panics, "a defect");
        sqlx::query("insert into seen select $1, unnest($2::bigint[])")
            .bind(self.name)
            .bind(column(events, |event| event.position.first.cast_signed()))
            .execute(connection)
            .await?;
        let is_refused = events.iter().any(|event| event.position.first == REFUSED);
        if is_refused && self.refuses.load(Ordering::SeqCst) {
            return Err(sqlx::Error::Encode("cannot be written".into()));
        }
        Ok(())
    }
}

async fn projector(
    pool: &PgPool,
    log: &Arc<MemoryLog>,
    witnesses: impl IntoIterator<Item = &Arc<Witness>>,
) -> Projector {
    let table = "create table if not exists seen (projection text, number bigint, primary key (projection, number))";
    sqlx::query(table).execute(pool).await.unwrap();
    let witnesses = witnesses.into_iter().map(|witness| Arc::clone(witness) as Arc<dyn Projection>);
    Projector::new(Arc::clone(log) as Arc<dyn EventLog>, pool.clone(), Arc::new(Alone), witnesses)
}

async fn seen(pool: &PgPool, projection: &str) -> Vec<i64> {
    sqlx::query_scalar("select number from seen where projection = $1 order by number")
        .bind(projection)
        .fetch_all(pool)
        .await
        .unwrap()
}

/// The status of a projection, as soon as it is as expected.
async fn once(
    pool: &PgPool,
    projection: &str,
    is_expected: impl Fn(&ProjectionStatus) -> bool,
) -> ProjectionStatus {
    let look = async {
        loop {
            let statuses = statuses(pool).await.unwrap();
            let status = statuses.into_iter().find(|status| status.name == projection);
            if let Some(status) = status.filter(&is_expected) {
                return status;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), look).await.expect("as expected within 20 s")
}

fn has_applied(events: i64) -> impl Fn(&ProjectionStatus) -> bool {
    move |status| status.events_applied == events && status.error.is_none()
}

fn log_of(events: u8) -> Arc<MemoryLog> {
    let log = MemoryLog::new();
    (1..=events).for_each(|number| {
        queue(&log, TENANT, number);
    });
    log
}

#[sqlx::test(migrations = "../migrations")]
async fn every_event_is_applied_once_and_the_checkpoint_tells_how_far(pool: PgPool) {
    let (log, witness) = (log_of(12), Witness::new("witness"));
    let projector = projector(&pool, &log, [&witness]).await;
    projector.catch_up().await.unwrap();
    queue(&log, TENANT, 13);
    projector.catch_up().await.unwrap();

    assert_eq!(seen(&pool, "witness").await, (1..=13).collect::<Vec<i64>>());
    let [status] = &statuses(&pool).await.unwrap()[..] else { panic!("one projection") };
    assert_eq!((status.position.first, status.events_applied), (13, 13));
    assert_eq!(status.error, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn events_of_no_concern_are_not_applied_and_the_checkpoint_comes_to_the_head(pool: PgPool) {
    let log = log_of(12);
    let witness =
        Witness { is_concerned: false, ..Arc::into_inner(Witness::new("witness")).unwrap() };
    let projector = projector(&pool, &log, [&Arc::new(witness)]).await;
    projector.catch_up().await.unwrap();

    assert_eq!(seen(&pool, "witness").await, Vec::<i64>::new());
    let status = once(&pool, "witness", has_applied(12)).await;
    assert_eq!(status.position, log.read_all(Position::START, 100).await.unwrap()[11].position);
}

#[sqlx::test(migrations = "../migrations")]
async fn two_processes_share_the_work_and_no_event_is_applied_twice(pool: PgPool) {
    let (log, witness) = (log_of(200), Witness::new("witness"));
    let one = projector(&pool, &log, [&witness]).await;
    let other = projector(&pool, &log, [&witness]).await;
    let shutdown = CancellationToken::new();

    let work = async {
        for number in 201..=255 {
            queue(&log, TENANT, number);
            tokio::task::yield_now().await;
        }
        once(&pool, "witness", has_applied(255)).await;
        shutdown.cancel();
    };
    tokio::join!(one.run(shutdown.clone()), other.run(shutdown.clone()), work);
    assert_eq!(seen(&pool, "witness").await, (1..=255).collect::<Vec<i64>>());
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_applied_stops_its_own_projection_and_is_told(pool: PgPool) {
    let (log, sound, stuck) = (log_of(12), Witness::new("sound"), Witness::new("stuck"));
    stuck.refuses.store(true, Ordering::SeqCst);
    let projector = projector(&pool, &log, [&sound, &stuck]).await;
    let shutdown = CancellationToken::new();

    let work = async {
        let status = once(&pool, "stuck", |status| status.error.is_some()).await;
        assert_eq!(status.position.first, REFUSED - 1);
        let (error, summary) = (status.error.unwrap(), status.error_summary.unwrap());
        assert!(error.contains("cannot be written") && error.contains("at 7-1"), "{error}");
        assert!(summary.contains("at 7-1") && !summary.contains("cannot be written"), "{summary}");
        assert_eq!(seen(&pool, "stuck").await, (1..7).collect::<Vec<i64>>());
        once(&pool, "sound", has_applied(12)).await;

        stuck.refuses.store(false, Ordering::SeqCst);
        once(&pool, "stuck", has_applied(12)).await;
        shutdown.cancel();
    };
    tokio::join!(projector.run(shutdown.clone()), work);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_that_cannot_be_read_is_never_skipped(pool: PgPool) {
    let (log, witness) = (log_of(12), Witness::new("witness"));
    log.break_at(Some(10));
    let projector = projector(&pool, &log, [&witness]).await;
    assert!(matches!(
        projector.catch_up().await,
        Err(ProjectorError::Log(LogError::Unreadable { .. }))
    ));
    let shutdown = CancellationToken::new();

    let work = async {
        let status = once(&pool, "witness", |status| status.error.is_some()).await;
        assert_eq!(status.position.first, 9);
        let error = status.error.unwrap();
        assert!(error.contains("message_beamed") && error.contains("no such type"), "{error}");

        log.break_at(None);
        once(&pool, "witness", has_applied(12)).await;
        shutdown.cancel();
    };
    tokio::join!(projector.run(shutdown.clone()), work);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_projection_that_panics_is_told_of_and_the_others_go_on(pool: PgPool) {
    let (log, sound) = (log_of(3), Witness::new("sound"));
    let broken =
        Arc::new(Witness { panics: true, ..Arc::into_inner(Witness::new("broken")).unwrap() });
    let projector = projector(&pool, &log, [&broken, &sound]).await;
    let shutdown = CancellationToken::new();

    let work = async {
        let status = once(&pool, "broken", |status| status.error.is_some()).await;
        assert!(status.error.unwrap().contains("panicked"));
        once(&pool, "sound", has_applied(3)).await;
        shutdown.cancel();
    };
    tokio::join!(projector.run(shutdown.clone()), work);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_error_of_an_earlier_process_is_forgotten_once_there_is_none(pool: PgPool) {
    let (log, witness) = (log_of(1), Witness::new("witness"));
    let projector = projector(&pool, &log, [&witness]).await;
    projector.catch_up().await.unwrap();
    checkpoint::note(&pool, "witness", Some(&Standstill::panic())).await.unwrap();
    let shutdown = CancellationToken::new();

    let work = async {
        once(&pool, "witness", has_applied(1)).await;
        shutdown.cancel();
    };
    tokio::join!(projector.run(shutdown.clone()), work);
}

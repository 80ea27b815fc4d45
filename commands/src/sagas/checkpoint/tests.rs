use domain::id::EngineId;
use uuid::Uuid;

use super::*;
use crate::leases::PostgresLeases;

const SAGA: &str = "tested";

fn process(pool: &PgPool, engine: u128) -> (Arc<PostgresLeases>, Checkpoint) {
    let engine = EngineId(Uuid::from_u128(engine));
    let leases = Arc::new(PostgresLeases::new(pool.clone(), engine));
    (Arc::clone(&leases), Checkpoint::new(pool.clone(), leases, SAGA))
}

/// As time does.
async fn let_leases_run_out(pool: &PgPool) {
    let elapse = "update leases set expires_at = clock_timestamp() - interval '1 second'";
    sqlx::query(elapse).execute(pool).await.unwrap();
}

async fn advance(checkpoint: &Checkpoint, pool: &PgPool, from: Standing, to: u64) -> bool {
    let to = Position { first: to, second: 1 };
    let mut connection = pool.acquire().await.unwrap();
    checkpoint.advance(&mut connection, from, to).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn one_process_reads_for_a_saga_until_it_gives_its_lease_back(pool: PgPool) {
    let ((leases, first), (_, second)) = (process(&pool, 1), process(&pool, 2));
    let standing = first.own().await.unwrap().unwrap();
    assert_eq!(standing.at(), Position::START);
    assert!(second.own().await.unwrap().is_none());
    assert!(advance(&first, &pool, standing, 7).await);
    assert_eq!(second.position().await.unwrap().first, 7);

    leases.release_all().await.unwrap();
    let taken_over = second.own().await.unwrap().unwrap();
    assert_eq!(taken_over.at().first, 7);
    assert!(taken_over.token > standing.token, "the token must grow, a lease given back or not");
    assert!(first.own().await.unwrap().is_none());
}

#[sqlx::test(migrations = "../migrations")]
async fn an_owner_that_was_paused_past_its_lease_moves_nothing_when_it_wakes(pool: PgPool) {
    let ((_, paused), (_, other)) = (process(&pool, 1), process(&pool, 2));
    let before_the_pause = paused.own().await.unwrap().unwrap();
    let_leases_run_out(&pool).await;
    let standing = other.own().await.unwrap().unwrap();
    // The other has not moved it yet: nothing but the token tells the two apart.
    assert!(!advance(&paused, &pool, before_the_pause, 3).await);
    assert!(advance(&other, &pool, standing, 4).await);
    assert_eq!(other.position().await.unwrap().first, 4);
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_that_read_the_same_events_one_moves_the_checkpoint(pool: PgPool) {
    let (_, checkpoint) = process(&pool, 1);
    let standing = checkpoint.own().await.unwrap().unwrap();
    assert!(advance(&checkpoint, &pool, standing, 5).await);
    assert!(!advance(&checkpoint, &pool, standing, 5).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_stops_a_saga_is_shown_until_it_moves(pool: PgPool) {
    let (_, checkpoint) = process(&pool, 1);
    let standing = checkpoint.own().await.unwrap().unwrap();
    checkpoint.note(Some("an unknown event")).await.unwrap();
    let [status] = &statuses(&pool).await.unwrap()[..] else { panic!("one saga") };
    assert_eq!(status.error.as_deref(), Some("an unknown event"));
    assert!(advance(&checkpoint, &pool, standing, 5).await);
    assert_eq!(statuses(&pool).await.unwrap()[0].error, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn past_events_of_no_concern_the_checkpoint_follows_when_there_is_nothing_more(pool: PgPool) {
    let ((leases, first), (_, second)) = (process(&pool, 1), process(&pool, 2));
    let standing = first.own().await.unwrap().unwrap();
    assert!(first.pass(standing, Position { first: 7, second: 1 }, 7).await.unwrap());
    let passed = first.own().await.unwrap().unwrap();
    assert_eq!((passed.at().first, first.position().await.unwrap()), (7, Position::START));
    assert!(first.settle(passed).await.unwrap());
    assert_eq!(first.position().await.unwrap().first, 7);

    // Another goes on from the checkpoint; what was passed over since is its to pass over.
    let standing = first.own().await.unwrap().unwrap();
    assert!(first.pass(standing, Position { first: 9, second: 1 }, 2).await.unwrap());
    leases.release_all().await.unwrap();
    assert_eq!(second.own().await.unwrap().unwrap().at().first, 7);
    let passed =
        Standing { place: standing.place.past(Position { first: 9, second: 1 }, 2), ..standing };
    assert!(!first.settle(passed).await.unwrap());
}

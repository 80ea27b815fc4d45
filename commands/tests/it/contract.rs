//! E2: every store keeps one contract.

use std::io::Write;
use std::sync::Arc;

use commands::event_log::contract::{EventStoreServer, Scratch, Store, check};
use domain::ports::Ambient;
use eventstoredb_fake::{Fake, FakeOptions};
use sqlx::PgPool;

use crate::events::Edge;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// Puts a store to every case; fails with all that are not kept.
async fn keep(store: Arc<dyn Store>) {
    let outcomes = check(store, Arc::new(Edge), |outcome| {
        let _ = writeln!(std::io::stderr(), "{outcome}");
    })
    .await;
    let broken: Vec<_> = outcomes.iter().filter(|outcome| outcome.is_failure()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[sqlx::test(migrations = false)]
async fn postgresql_keeps_the_contract(pool: PgPool) {
    let options = sqlx::postgres::PgConnectOptions::clone(&pool.connect_options());
    let scratch = Scratch::make(options, &MIGRATIONS, Edge.new_id()).await.unwrap();
    let scratch = Arc::new(scratch);
    keep(Arc::clone(&scratch) as Arc<dyn Store>).await;
    scratch.remove().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fake_of_eventstoredb_keeps_the_contract() {
    let fake = Fake::start(FakeOptions::default()).await.unwrap();
    keep(Arc::new(EventStoreServer::new(fake.url().parse().unwrap(), Edge.new_id()))).await;
    fake.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "whoever has a server tells where it is")]
async fn a_real_eventstoredb_keeps_the_contract_where_there_is_one() {
    let Ok(url) = std::env::var("EVENT_STORE_TEST_URL") else {
        let _ = writeln!(std::io::stderr(), "skipped: EVENT_STORE_TEST_URL names no server");
        return;
    };
    let address = url.parse().expect("EVENT_STORE_TEST_URL is no address");
    keep(Arc::new(EventStoreServer::new(address, Edge.new_id()))).await;
}

//! Readers and projectors at work while a view is exchanged under them.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use domain::stream::Position;

use super::*;
use crate::messages::filter::MessageFilter;
use crate::page::Page;
use crate::projector::Projector;
use crate::read_models::ReadModels;
use crate::testing::Alone;

#[sqlx::test(migrations = "../migrations")]
async fn readers_always_see_all_there_is_while_views_are_exchanged_under_load(pool: PgPool) {
    let log = MemoryLog::new();
    let projector = || {
        Projector::new(
            Arc::clone(&log) as Arc<dyn EventLog>,
            pool.clone(),
            Arc::new(Alone),
            crate::all(),
        )
    };
    let (first, second) = (projector(), projector());
    let models = ReadModels::new(pool.clone());
    let shutdown = CancellationToken::new();
    let (is_over, queued, reads) = (AtomicBool::new(false), AtomicI64::new(0), AtomicI64::new(0));

    let write = async {
        for number in 1.. {
            log.record(message(TENANT, number), MessageEvent::Queued(crate::testing::queued(0)));
            queued.fetch_add(1, Ordering::SeqCst);
            if is_over.load(Ordering::SeqCst) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // What was seen once is seen ever after, by lists, by their totals and by statistics.
    let read = async || {
        let (mut seen, mut counted, mut found) = (0, 0, 0);
        while !is_over.load(Ordering::SeqCst) {
            let all = MessageFilter::default();
            let list = models.list_messages(TENANT, &all, Page::default()).await.unwrap();
            assert!(list.total >= seen, "{} messages, and {seen} before", list.total);
            seen = list.total;
            let range = crate::stats::StatsRange::new(at(-3600), at(3600)).unwrap();
            let stats = models.message_stats(TENANT, range).await.unwrap();
            assert!(stats.totals.messages >= counted, "{stats:?} after {counted}");
            counted = stats.totals.messages;
            let search = MessageFilter { search: Some("order".into()), ..MessageFilter::default() };
            let hits = models.list_messages(TENANT, &search, Page::default()).await.unwrap().total;
            assert!(hits >= found, "{hits} found, and {found} before");
            found = hits;
            reads.fetch_add(1, Ordering::SeqCst);
        }
    };
    let rebuild = async {
        eventually("messages are seen", async || reads.load(Ordering::SeqCst) > 5).await;
        for version in 2..=4 {
            let builder = builder(&log, &pool);
            let rebuilt = builder.rebuild(projection("messages")).await.unwrap();
            assert_eq!(rebuilt.version, version);
            let before = reads.load(Ordering::SeqCst);
            eventually("readers go on", async || reads.load(Ordering::SeqCst) > before + 5).await;
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let work = async {
        tokio::join!(write, read(), read(), read(), rebuild);
        let queued = queued.load(Ordering::SeqCst);
        eventually("all is projected", async || {
            let filter = MessageFilter::default();
            let list = models.list_messages(TENANT, &filter, Page::default()).await.unwrap();
            list.total == queued.min(crate::page::TOTAL_MAX)
        })
        .await;
        shutdown.cancel();
    };
    tokio::join!(first.run(shutdown.clone()), second.run(shutdown.clone()), work);
    let verified = builder(&log, &pool).verify(projection("messages")).await.unwrap();
    assert!(verified.is_equal(), "{verified:?}");
}

/// A reader's transaction, as the door to the views opens them, whose moment is now.
async fn open_reader(pool: &PgPool) -> sqlx::PgTransaction<'static> {
    let begin = "begin isolation level repeatable read, read only";
    let mut reader = pool.begin_with(begin).await.unwrap();
    sqlx::query("select 1").execute(&mut *reader).await.unwrap();
    reader
}

async fn seen(reader: &mut sqlx::PgTransaction<'static>, count: &'static str) -> i64 {
    sqlx::query_scalar(count).fetch_one(&mut **reader).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_whose_moment_lies_before_the_switch_sees_the_view_whole(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    let mut reader = open_reader(&pool).await;
    // It has not touched the table yet, so no lock of its keeps the switch away; nor are there indexes to make,
    // which would wait for it too.
    let builder = builder(&log, &pool);
    let mut progress = builder.progress();
    let read = async {
        progress.wait_for(|progress| progress.phase == Phase::Switching).await.unwrap();
        for number in 30..40 {
            queue(&log, TENANT, number);
            settle(&log, &pool).await;
            let mut other = open_reader(&pool).await;
            let others = seen(&mut other, "select count(*) from message_history").await;
            assert_eq!(others, 11 + i64::from(number - 29));
        }
        assert_eq!(status(&pool, "message_history").await.version, 1);
        assert_eq!(seen(&mut reader, "select count(*) from message_history").await, 11);
        reader.rollback().await.unwrap();
    };
    let (rebuilt, ()) = tokio::join!(builder.rebuild(projection("message_history")), read);
    assert_eq!(rebuilt.unwrap().version, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_switch_that_has_to_wait_keeps_neither_readers_nor_projectors_waiting(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    // Holds a lock on the table, but sees it as it is: only the exchange itself has to wait for it.
    let mut user = pool.begin().await.unwrap();
    sqlx::query("select from messages").execute(&mut *user).await.unwrap();
    let builder = builder(&log, &pool);
    let progress = builder.progress();
    let others = async {
        eventually("it wants to switch", async || progress.borrow().phase == Phase::Switching)
            .await;
        for number in 30..40 {
            queue(&log, TENANT, number);
            settle(&log, &pool).await;
            let mut reader = open_reader(&pool).await;
            assert_eq!(
                seen(&mut reader, "select count(*) from messages").await,
                5 + i64::from(number - 29)
            );
        }
        user.rollback().await.unwrap();
    };
    let (rebuilt, ()) = tokio::join!(builder.rebuild(projection("messages")), others);
    let rebuilt = rebuilt.unwrap();
    assert_eq!((rebuilt.version, rebuilt.position), (2, Position { first: BUSY + 10, second: 1 }));
}

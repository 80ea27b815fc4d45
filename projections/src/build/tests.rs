mod differences;
mod readers;
mod trouble;

use std::sync::Arc;

use domain::message::Command;
use domain::message::event::Event as MessageEvent;
use domain::ports::event_log::EventLog;
use domain::session::event::{Created, Event as SessionEvent};
use domain::stream::{Category, StreamName};
use domain::webhook::{Event as WebhookEvent, Received};
use sqlx::PgPool;
use tokio::time::timeout;

use super::*;
use crate::projector::checkpoint::{ProjectionStatus, statuses};
use crate::testing::{
    MemoryLog, STRANGER, TENANT, address_blocked, api_key_created, at, client_registered, message,
    moment, queue, settle, signed_in, tenant_created, user_created,
};

fn builder(log: &Arc<MemoryLog>, pool: &PgPool) -> Builder {
    let log = Arc::clone(log) as Arc<dyn EventLog>;
    Builder::new(log, pool.clone(), CancellationToken::new())
}

fn projection(name: &str) -> Arc<dyn Projection> {
    crate::all().into_iter().find(|projection| projection.name() == name).unwrap()
}

/// Something of everything.
fn busy_log() -> Arc<MemoryLog> {
    let log = MemoryLog::new();
    for (tenant, number) in [(TENANT, 1), (STRANGER, 2), (TENANT, 3), (TENANT, 4)] {
        let stream = queue(&log, tenant, number);
        log.record(stream, MessageEvent::Delivered(moment(60)));
    }
    let dead = message(TENANT, 5);
    let mut message = domain::message::Message::default();
    let start = Command::StartAttempt {
        message_id: domain::id::MessageId(dead.id),
        engine_takes_ids: true,
        now: at(1),
    };
    let detail = "timed out".to_owned();
    let unknown = Command::ReportUnknown { attempt: 1, detail, now: at(2) };
    for command in [Command::Queue(crate::testing::queued(0)), start, unknown] {
        for event in domain::aggregate::Aggregate::decide(&message, command).unwrap() {
            message = domain::aggregate::Aggregate::evolve(message, &event);
            log.record(dead, event);
        }
    }
    let name = "Support".to_owned().try_into().unwrap();
    let created = Created { name, waha_session: "support".into(), at: at(5) };
    log.record(StreamName { category: Category::Session, ..dead }, SessionEvent::Created(created));
    let received = Received {
        waha_session: "support".into(),
        session_id: None,
        event: "message".into(),
        event_id: "evt".into(),
        fingerprint: "1".into(),
        body: "{}".into(),
        at: at(6),
    };
    let webhook = StreamName { category: Category::Webhook, ..dead };
    log.record(webhook, WebhookEvent::Received(Box::new(received)));
    log.record(StreamName { category: Category::Tenant, ..dead }, tenant_created(0));
    log.record(StreamName { category: Category::User, ..dead }, user_created(0));
    log.record(StreamName { category: Category::LoginSession, ..dead }, signed_in(0));
    let address = [192, 0, 2, 1].into();
    let address_stream = StreamName { category: Category::Address, ..dead };
    log.record(address_stream, address_blocked(address, None, 0));
    log.record(StreamName { category: Category::ApiKey, ..dead }, api_key_created(0));
    log.record(StreamName { category: Category::OAuthClient, ..dead }, client_registered(0));
    log
}

/// How many events that is.
const BUSY: u64 = 19;

async fn status(pool: &PgPool, name: &str) -> ProjectionStatus {
    let statuses = statuses(pool).await.unwrap();
    statuses.into_iter().find(|status| status.name == name).unwrap()
}

const PATIENCE: Duration = Duration::from_mins(1);

async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let look = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(PATIENCE, look).await.is_ok(), "did not come about: {what}");
}

/// Everything in a schema that is neither the log's nor the sagas': how the relations are, as PostgreSQL itself
/// dumps them in its catalogues, without numbers that are drawn anew.
async fn catalogue(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select line from (
             select (to_jsonb(c) - '{oid,relnamespace,reltype,relfilenode,reltoastrelid,relpages,reltuples,relallvisible,relfrozenxid,relminmxid}'::text[])::text as line
             from pg_class c where relnamespace = 'public'::regnamespace
             union all
             select attrelid::regclass || (to_jsonb(a) - '{attrelid}'::text[])::text
             from pg_attribute a join pg_class on attrelid = pg_class.oid
             where relnamespace = 'public'::regnamespace
             union all select schemaname || tablename || indexdef from pg_indexes
             union all select p::text from pg_policies p
             union all select conrelid::regclass || conname || pg_get_constraintdef(oid) from pg_constraint
             union all select viewname || definition || viewowner from pg_views where schemaname = 'public'
             union all select nspname || coalesce(nspacl::text, '') from pg_namespace where nspname not like 'pg_%'
         ) as lines order by line",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn every_view_can_be_built_anew_and_is_then_as_it_was(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    let before = catalogue(&pool).await;
    let builder = builder(&log, &pool);
    for projection in crate::all() {
        let rebuilt = builder.rebuild(Arc::clone(&projection)).await.unwrap();
        assert_eq!((rebuilt.version, rebuilt.position.first, rebuilt.events), (2, BUSY, BUSY));
        let verified = builder.verify(projection).await.unwrap();
        assert!(verified.is_equal() && verified.rows > 0, "{verified:?}");
        assert_eq!(verified.version, 2);
    }
    assert_eq!(catalogue(&pool).await, before);
    for status in statuses(&pool).await.unwrap() {
        assert_eq!(
            (status.version, status.events_applied.cast_unsigned(), status.build),
            (2, BUSY, None)
        );
    }

    // The projector goes on where the build ended.
    queue(&log, TENANT, 20);
    settle(&log, &pool).await;
    for projection in crate::all() {
        let verified = builder.verify(projection).await.unwrap();
        assert!(verified.is_equal() && verified.position.first == BUSY + 1, "{verified:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_view_that_never_was_begun_can_be_rebuilt_too(pool: PgPool) {
    let log = busy_log();
    let rebuilt = builder(&log, &pool).rebuild(projection("messages")).await.unwrap();
    assert_eq!((rebuilt.version, rebuilt.events), (2, BUSY));
    settle(&log, &pool).await;
    let verified = builder(&log, &pool).verify(projection("messages")).await.unwrap();
    assert!(verified.is_equal() && verified.rows > 0, "{verified:?}");
}

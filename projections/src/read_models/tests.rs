use domain::id::{MessageId, SessionId};
use domain::message::event::{
    AttemptStarted, DeadLetterReason, DeadLettered, Event as MessageEvent,
};
use domain::session::event::{Created, Event as SessionEvent};
use domain::stream::Version;
use domain::stream::{Category, StreamName};
use domain::user::event::{Event as UserEvent, SignedOutEverywhere};

use super::*;
use crate::testing::{
    MemoryLog, SESSION, STRANGER, TENANT, api_key_created, at, client_registered, queue, settle,
    signed_in, user_created,
};

/// What the reader role may see a part of, each with a tenant's rows in it.
const TENANT_TABLES: [&str; 13] = [
    "api_keys",
    "login_epochs",
    "login_sessions",
    "message_attempts",
    "message_counts",
    "message_history",
    "message_latencies",
    "messages",
    "oauth_clients",
    "searchable_messages",
    "security_events",
    "sessions",
    "users",
];

/// A row of either tenant in every table.
async fn two_tenants(pool: &PgPool) {
    let log = MemoryLog::new();
    for (tenant, number) in [(TENANT, 1), (STRANGER, 2)] {
        let stream = queue(&log, tenant, number);
        let started =
            AttemptStarted { attempt: 1, session_id: SESSION, waha_message_id: None, at: at(2) };
        log.record(stream, MessageEvent::AttemptStarted(started));
        log.record(stream, MessageEvent::Delivered(crate::testing::moment(3)));
        let reason = DeadLetterReason::Refused;
        let dead = DeadLettered { attempt: Some(1), reason, detail: None, at: at(4) };
        log.record(stream, MessageEvent::DeadLettered(dead));
        let name = "Support".to_owned().try_into().unwrap();
        let created = Created { name, waha_session: "support".into(), at: at(5) };
        let session = StreamName { category: Category::Session, ..stream };
        log.record(session, SessionEvent::Created(created));
        let key = StreamName { category: Category::ApiKey, ..stream };
        log.record(key, api_key_created(6));
        let client = StreamName { category: Category::OAuthClient, ..stream };
        log.record(client, client_registered(6));
        let user = StreamName { category: Category::User, ..stream };
        log.record(user, user_created(6));
        log.record(user, UserEvent::SignedOutEverywhere(SignedOutEverywhere { at: at(7) }));
        log.record(StreamName { category: Category::LoginSession, ..stream }, signed_in(8));
    }
    settle(&log, pool).await;
}

/// The tenants whose rows a query without any condition finds.
async fn visible(transaction: &mut PgTransaction<'static>, table: &str) -> Vec<TenantId> {
    let mut query = sqlx::QueryBuilder::<sqlx::Postgres>::new("select distinct tenant_id from ");
    query.push(table).push(" order by tenant_id");
    let tenants = query.build_query_scalar().fetch_all(&mut **transaction).await.unwrap();
    tenants.into_iter().map(TenantId).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_query_that_forgets_its_tenant_sees_one_tenant_s_rows_or_none(pool: PgPool) {
    two_tenants(&pool).await;
    let models = ReadModels::new(pool.clone());
    for table in TENANT_TABLES {
        let mut own = models.as_tenant(TENANT).await.unwrap();
        assert_eq!(visible(&mut own, table).await, [TENANT], "{table}");

        let mut nobody = pool.begin().await.unwrap();
        sqlx::query("set local role heliograph_reader").execute(&mut *nobody).await.unwrap();
        assert!(visible(&mut nobody, table).await.is_empty(), "{table}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn role_and_tenant_last_no_longer_than_the_question(pool: PgPool) {
    two_tenants(&pool).await;
    let one_connection = pool.options().clone().max_connections(1);
    let options = (*pool.connect_options()).clone();
    let pool = one_connection.connect_with(options).await.unwrap();
    let models = ReadModels::new(pool.clone());
    models.find_message(TENANT, MessageId(TENANT.0)).await.unwrap();
    let left: (String, Option<String>) = sqlx::query_as(
        "select current_user::text, nullif(current_setting('heliograph.tenant_id', true), '')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_ne!(left.0, "heliograph_reader");
    assert_eq!(left.1, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_reader_may_read_the_tenants_views_and_do_nothing_else(pool: PgPool) {
    let granted: Vec<(String, String)> = sqlx::query_as(
        "select distinct relname::text, privilege_type
         from pg_class, aclexplode(relacl) as granted
         where grantee in (0, 'heliograph_reader'::regrole)
             and relnamespace = current_schema()::regnamespace
         order by 1, 2",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let select = |table: &str| (table.to_owned(), "SELECT".to_owned());
    assert_eq!(granted, TENANT_TABLES.map(select));

    let models = ReadModels::new(pool);
    for forbidden in ["select from events", "select from webhook_log", "delete from messages"] {
        let mut reader = models.as_tenant(TENANT).await.unwrap();
        assert!(sqlx::query(forbidden).execute(&mut *reader).await.is_err(), "{forbidden}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn another_tenant_s_ids_are_unknown(pool: PgPool) {
    two_tenants(&pool).await;
    let models = ReadModels::new(pool);
    let (message, session) =
        (MessageId(uuid::Uuid::from_u128(1)), SessionId(uuid::Uuid::from_u128(1)));
    assert!(models.find_message(TENANT, message).await.unwrap().is_some());
    assert!(models.find_session(TENANT, session).await.unwrap().is_some());
    assert!(models.find_dead_letter(TENANT, message).await.unwrap().is_some());

    assert!(models.find_message(STRANGER, message).await.unwrap().is_none());
    assert!(models.find_session(STRANGER, session).await.unwrap().is_none());
    assert!(models.find_dead_letter(STRANGER, message).await.unwrap().is_none());
    let history = models.message_history(STRANGER, message, Version(0), 10).await.unwrap();
    assert!(history.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_question_that_takes_too_long_is_cut_off(pool: PgPool) {
    let mut transaction = ReadModels::new(pool).as_tenant(TENANT).await.unwrap();
    sqlx::query("set local statement_timeout = '10ms'").execute(&mut *transaction).await.unwrap();
    let error = sqlx::query("select pg_sleep(5)").execute(&mut *transaction).await.unwrap_err();
    assert!(matches!(ReadError::from(error), ReadError::TooSlow(_)));
}

//! Builds that come to nothing: the live view stays as it is, and the next build finds the place tidy.

use sqlx::Connection;

use super::*;

async fn schemas(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select nspname::text from pg_namespace where nspname like 'messages%' order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_builds_of_one_projection_the_second_is_refused(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    let first = Scratch::open(&pool, projection("messages"), Purpose::Rebuild).await.unwrap();
    let status = status(&pool, "messages").await;
    let build = status.build.clone().unwrap();
    assert_eq!((status.name.as_str(), build.purpose.as_str()), ("messages", "rebuild"));
    assert!(build.is_running, "{build:?}");

    let builder = builder(&log, &pool);
    let refused = builder.rebuild(projection("messages")).await.unwrap_err();
    assert!(matches!(refused, BuildError::UnderWay("messages")), "{refused}");
    assert!(builder.verify(projection("messages")).await.is_err());
    builder.rebuild(projection("sessions")).await.unwrap();

    first.close(false).await;
    assert_eq!(builder.rebuild(projection("messages")).await.unwrap().version, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_dead_process_left_behind_is_dropped_by_the_next(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    for purpose in [Purpose::Verify, Purpose::Rebuild] {
        let dead = Scratch::open(&pool, projection("messages"), purpose).await.unwrap();
        // The process dies: its connection ends, and nothing is tidied up.
        dead.connection.close().await.unwrap();
        // The server takes a moment to see it.
        eventually("the build is over", async || {
            !status(&pool, "messages").await.build.unwrap().is_running
        })
        .await;
    }
    assert_eq!(schemas(&pool).await, ["messages_v2"]);

    let builder = builder(&log, &pool);
    assert!(builder.verify(projection("messages")).await.unwrap().is_equal());
    assert!(schemas(&pool).await.is_empty());
    assert_eq!(status(&pool, "messages").await.build, None);
}

#[sqlx::test(migrations = "../migrations")]
async fn told_to_stop_it_tidies_up(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    // What holds the switch up for as long as the test wants.
    let mut user = pool.begin().await.unwrap();
    sqlx::query("select from messages").execute(&mut *user).await.unwrap();
    let builder = builder(&log, &pool);
    let mut progress = builder.progress();
    let stop = async {
        progress.wait_for(|progress| progress.phase == Phase::Switching).await.unwrap();
        builder.shutdown.cancel();
    };
    let (stopped, ()) = tokio::join!(builder.rebuild(projection("messages")), stop);
    assert!(matches!(stopped, Err(BuildError::Interrupted)), "{stopped:?}");
    assert!(schemas(&pool).await.is_empty());
    assert_eq!(status(&pool, "messages").await.version, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_build_whose_connection_is_cut_leaves_the_live_view_alone(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    let mut user = pool.begin().await.unwrap();
    sqlx::query("select from messages").execute(&mut *user).await.unwrap();
    let builder = builder(&log, &pool);
    let mut progress = builder.progress();
    let cut = async {
        progress.wait_for(|progress| progress.phase == Phase::Switching).await.unwrap();
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where application_name = 'heliograph projections' and datname = current_database()",
        )
        .execute(&pool)
        .await
        .unwrap();
        queue(&log, TENANT, 20);
        settle(&log, &pool).await;
        user.rollback().await.unwrap();
    };
    let (failed, ()) = tokio::join!(builder.rebuild(projection("messages")), cut);
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(status(&pool, "messages").await.version, 1);
    let messages: i64 =
        sqlx::query_scalar("select count(*) from messages").fetch_one(&pool).await.unwrap();
    assert_eq!(messages, 6);
    assert_eq!(builder.rebuild(projection("messages")).await.unwrap().version, 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_that_cannot_be_applied_is_named(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    // No aggregate would tell this twice.
    let twice = StreamName { category: Category::Tenant, ..message(TENANT, 5) };
    let name = "acme".to_owned().try_into().unwrap();
    let created = domain::tenant::Created { name, default_country: None, at: at(0) };
    log.record(twice, domain::tenant::Event::Created(created));
    let error = builder(&log, &pool).rebuild(projection("tenants")).await.unwrap_err();
    let BuildError::Stopped(error) = error else { panic!("{error}") };
    assert_eq!(
        error.to_string(),
        format!("event 2 of stream {twice} at {}-1 (type test_event) cannot be applied", BUSY + 1)
    );
    let tenants = status(&pool, "tenants").await;
    assert_eq!((tenants.name.as_str(), tenants.version, &tenants.build), ("tenants", 1, &None));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_that_cannot_be_read_is_named(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    log.break_at(Some(4));
    let builder = builder(&log, &pool);
    for error in [
        builder.rebuild(projection("messages")).await.unwrap_err(),
        builder.verify(projection("messages")).await.unwrap_err(),
    ] {
        let BuildError::Stopped(error) = error else { panic!("{error}") };
        let told = domain::causes::in_one_line(&error);
        assert!(told.contains("at 4-1") && told.contains("no such type"), "{told}");
    }
    assert!(schemas(&pool).await.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn live_tables_that_somebody_has_altered_are_not_exchanged(pool: PgPool) {
    let log = busy_log();
    settle(&log, &pool).await;
    for (alter, told) in [
        ("create index by_hand on messages (body)", "by_hand"),
        ("alter table message_counts add column note text", "column 9 is note text"),
        ("alter table messages disable row level security", "row security f"),
        ("grant select on messages to public", "grants SELECT to -"),
    ] {
        let mut connection = pool.acquire().await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query(alter).execute(&mut *transaction).await.unwrap();
        let name = "messages";
        scratch::run(&mut transaction, "create schema messages_v2".into()).await.unwrap();
        scratch::run(&mut transaction, "set local search_path = messages_v2, public".into())
            .await
            .unwrap();
        for statements in projection(name).definition() {
            sqlx::raw_sql(*statements).execute(&mut *transaction).await.unwrap();
        }
        let refused = shape::check(&mut transaction, name, "messages_v2", "public").await;
        let told_lines = refused.unwrap_err().to_string();
        assert!(told_lines.contains(told), "{told_lines}");
    }
}

//! An event that cannot be read or applied: it is skipped by nobody, told everywhere, and once it is mended all goes
//! on without a restart.

use acceptance::eventually::eventually;
use acceptance::installation::Installation;
use acceptance::messages::sent_texts;
use serde_json::Value;
use sqlx::PgPool;

use super::{Shell, listed};

/// Does something to the log that nobody may do.
async fn tamper(pool: &PgPool, sql: &'static str, message: &str) {
    let mut transaction = pool.begin().await.unwrap();
    sqlx::raw_sql("alter table events disable trigger user")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let id: sqlx::types::Uuid = message.parse().unwrap();
    let changed = sqlx::query(sql).bind(id).execute(&mut *transaction).await.unwrap();
    assert_eq!(changed.rows_affected(), 1, "{sql}");
    sqlx::raw_sql("alter table events enable trigger user")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// Where the message's events are in the log, once it was delivered and the sagas have read all about it.
async fn positions(pool: &PgPool, message: &str) -> Vec<String> {
    let id: sqlx::types::Uuid = message.parse().unwrap();
    let look = async || -> Vec<String> {
        sqlx::query_scalar(
            "select transaction_id::text || '-' || position from events
             where stream_id = $1 and category = 'message'
                 and (select min(first) from saga_checkpoints) >= transaction_id::text::bigint
             order by version",
        )
        .bind(id)
        .fetch_all(pool)
        .await
        .unwrap()
    };
    eventually("the sagas have read all about it", look, |seen| seen.len() >= 5).await
}

async fn readiness(stage: &Installation) -> (u16, String) {
    let answer = stage.nobody().get("/health/ready").await;
    let detail = &answer.body["services"]["projections"]["detail"];
    (answer.status, detail.as_str().unwrap_or_default().to_owned())
}

async fn halted(stage: &Installation, stream: &str) -> Vec<String> {
    let metrics = stage.nobody().get("/metrics").await.expect(200);
    let text = String::from_utf8(metrics.bytes).unwrap();
    let is_it = |line: &&str| line.contains("projection_halted_at{") && line.contains(stream);
    text.lines().filter(is_it).map(str::to_owned).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_that_cannot_be_applied_stops_one_projection_until_it_is_mended(pool: PgPool) {
    let mut stage = Installation::start_apart(pool.clone()).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.stop_projecting().await;
    let id = tenant.send_text(&session, "to be twisted").await;
    let position = &positions(&pool, &id).await[1];
    tamper(&pool, "update events set version = 1 where stream_id = $1 and version = 2", &id).await;
    stage.start_projecting();

    let stream = format!("message-{}-{id}", tenant.tenant_id());
    let look = async || readiness(&stage).await;
    let (_, detail) = eventually("it is not ready", look, |(status, _)| *status == 503).await;
    for told in ["message_history", &stream, position, "SQLSTATE 23505"] {
        assert!(detail.contains(told), "{told} is not in {detail}");
    }
    let series = halted(&stage, &stream).await;
    let is_told = |part: &str| series.iter().all(|line| line.contains(part));
    assert!(
        series.len() == 1 && is_told("projection=\"message_history\"") && is_told(position),
        "{series:?}"
    );
    assert!(series[0].ends_with(" 1"), "{series:?}");
    let doctor = shell.run(&["doctor"]).await;
    assert_eq!(doctor.code, Some(1), "{doctor:#?}");
    for told in [
        "message_history stands still",
        &stream,
        position,
        "goes on by itself",
        "message_history_pkey",
    ] {
        assert!(doctor.stdout.contains(told), "{told} is not in {doctor:#?}");
    }
    let row = listed(&shell, "message_history").await;
    assert!(row["error"].as_str().is_some_and(|error| error.contains(&stream)), "{row}");

    // The others go on.
    tenant.message_becomes(&id, "read").await;
    assert!(listed(&shell, "messages").await["error"].is_null());

    // Neither a rebuild nor a verification of all there is gets past it, and neither harms the live view.
    let line = ["projections", "rebuild", "message_history"];
    shell.run(&line).await.assert_failed_because(&[&stream, position, "the live one is as it was"]);
    assert_eq!(listed(&shell, "message_history").await["version"], 1);

    tamper(
        &pool,
        "update events set version = 2
         where stream_id = $1 and event_type = 'message_attempt_started'",
        &id,
    )
    .await;
    eventually("it is ready again", look, |(status, _)| *status == 200).await;
    tenant.story_until(&id, "message_read").await;
    assert!(halted(&stage, &stream).await[0].ends_with(" 0"));
    assert_eq!(shell.json(&line).await[0]["version"], 2);
    assert_eq!(shell.run(&["projections", "verify", "--all"]).await.code, Some(0));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_that_cannot_be_read_is_waited_for_and_told_without_its_content(pool: PgPool) {
    let mut stage = Installation::start_apart(pool.clone()).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    let tenant = stage.tenant().await;
    let session = tenant.session().await;
    stage.stop_projecting().await;
    let id = tenant.send_text(&session, "to be mangled").await;
    let position = &positions(&pool, &id).await[0];
    tamper(
        &pool,
        "update events set data = json_build_object('to', 'a secret', 'mangled', data)
         where stream_id = $1 and version = 1",
        &id,
    )
    .await;
    stage.start_projecting();

    let stream = format!("message-{}-{id}", tenant.tenant_id());
    let look = async || readiness(&stage).await;
    let is_told = |(status, detail): &(u16, String)| {
        *status == 503 && detail.contains("messages stands still")
    };
    let (_, detail) = eventually("it is not ready", look, is_told).await;
    for told in [&stream, position, "message_queued", "does not fit its schema version"] {
        assert!(detail.contains(told), "{told} is not in {detail}");
    }
    assert!(!detail.contains("secret"), "{detail}");
    let line = ["projections", "rebuild", "messages"];
    shell.run(&line).await.assert_failed_because(&[&stream, position]);
    let line = ["projections", "verify", "messages"];
    shell.run(&line).await.assert_failed_because(&[&stream, position]);
    assert_eq!(shell.run(&["doctor"]).await.code, Some(1));

    // What is behind the projections is not behind the rest.
    let later = tenant.send_text(&session, "sent all the same").await;
    let sent = async || sent_texts(&stage.waha);
    eventually("it is sent", sent, |sent| sent.iter().any(|text| text == "sent all the same"))
        .await;

    tamper(
        &pool,
        "update events set data = data->'mangled' where stream_id = $1 and version = 1",
        &id,
    )
    .await;
    eventually("it is ready again", look, |(status, _)| *status == 200).await;
    for id in [&id, &later] {
        tenant.message_becomes(id, "read").await;
    }
    assert!(halted(&stage, &stream).await.iter().all(|line| line.ends_with(" 0")));
    assert_eq!(shell.run(&["doctor"]).await.code, Some(0));
    stage.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_said_of_projections_that_move(pool: PgPool) {
    let stage = Installation::start(pool.clone()).await;
    let shell = Shell::new(&pool, &stage.waha.base_url());
    stage.tenant().await;
    let look = async || listed(&shell, "tenants").await;
    let row = eventually("it is level", look, |row| row["lagEvents"] == 0).await;
    assert_eq!((&row["error"], &row["lagSeconds"]), (&Value::Null, &Value::from(0.0)));
    assert_eq!(readiness(&stage).await, (200, String::new()));
    stage.stop().await;
}

//! Reading: a stream's order, the tenants' walls, and what cannot be read.

use domain::id::TenantId;
use domain::ports::event_log::{EventLog, LogError};
use domain::stream::{Position, StreamName, Version};
use sqlx::PgPool;
use uuid::Uuid;

use crate::events::{delivered, ids, new_stream, played, read};
use crate::open_log::{OpenLog, tail_until};

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_reads_back_as_it_was_written(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (stream, other) = (new_stream(), new_stream());
    let events = [delivered(), read(), played()];
    log.begin(stream, &events[..2]).await.unwrap();
    log.begin(other, &[delivered()]).await.unwrap();
    log.append_at(stream, 2, &events[2..]).await.unwrap();
    let recorded = log.read_stream(stream).await.unwrap();
    assert_eq!(recorded.len(), events.len());
    for (new, recorded) in events.iter().zip(recorded) {
        assert_eq!((recorded.stream, recorded.id), (stream, new.id));
        assert_eq!((&recorded.event, &recorded.metadata), (&new.event, &new.metadata));
        assert_eq!(recorded.stored.schema_version, 1);
    }
    assert_eq!(log.ids_of(new_stream()).await, []);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_same_id_under_another_tenant_names_another_stream(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let ours = new_stream();
    let theirs = StreamName { tenant: TenantId(Uuid::from_u128(2)), ..ours };
    let (our_events, their_events) = ([delivered()], [read()]);
    log.begin(ours, &our_events).await.unwrap();
    assert_eq!(log.ids_of(theirs).await, []);
    log.begin(theirs, &their_events).await.unwrap();
    assert_eq!(log.ids_of(ours).await, ids(&our_events));
    assert_eq!(log.ids_of(theirs).await, ids(&their_events));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_whole_log_is_read_page_by_page_in_one_order(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let events: Vec<_> = (0..25).map(|_| delivered()).collect();
    for event in &events {
        log.begin(new_stream(), std::slice::from_ref(event)).await.unwrap();
    }
    let all = tail_until(&*log, events[24].id).await;
    let read_ids: Vec<_> = all.iter().map(|event| event.id).collect();
    assert_eq!(read_ids, ids(&events));
    assert!(all.is_sorted_by(|a, b| a.position < b.position));

    let mut after = Position::START;
    for page in all.chunks(7) {
        assert_eq!(log.read_all(after, 7).await.unwrap(), page);
        after = page.last().unwrap().position;
    }
    assert_eq!(log.read_all(after, 7).await.unwrap(), []);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_of_an_unknown_type_stops_the_reader_and_is_named(pool: PgPool) {
    let log = OpenLog::over(&pool);
    let (stream, known) = (new_stream(), delivered());
    log.begin(stream, std::slice::from_ref(&known)).await.unwrap();
    let first = tail_until(&*log, known.id).await[0].position;
    sqlx::query(
        "insert into events (tenant_id, category, stream_id, version, event_id, event_type,
                             schema_version, data, metadata)
         select tenant_id, category, stream_id, 2, gen_random_uuid(), 'message_teleported',
                1, data, metadata
         from events",
    )
    .execute(&pool)
    .await
    .unwrap();
    // Transactions elsewhere in the server may hide the row for a moment.
    let stopped = loop {
        match log.read_all(first, 10).await {
            Ok(events) => assert_eq!(events, []),
            Err(error) => break error,
        }
        log.wait(first).await;
    };
    let LogError::Unreadable { stream: named, version, position, event_type, .. } = stopped else {
        panic!("{stopped}")
    };
    assert_eq!((named, version), (stream.to_string(), Version(2)));
    assert_eq!(event_type, "message_teleported");
    assert!(position > first);
    assert!(matches!(log.read_stream(stream).await, Err(LogError::Unreadable { .. })));
    // Nor does it hide behind what can be read.
    assert!(matches!(log.read_all(Position::START, 10).await, Err(LogError::Unreadable { .. })));
}

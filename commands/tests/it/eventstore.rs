//! The adapter of EventStoreDB, against a fake that does wrong on purpose.

use std::sync::Arc;

use commands::event_log::eventstore::EventStoreLog;
use domain::ports::Ambient;
use domain::ports::event_log::{EventLog, LogError};
use domain::stream::{Category, ExpectedVersion, Position, StreamName, Version};
use domain::webhook;
use eventstoredb_fake::{Fake, FakeOptions, Misbehaviour};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::events::{Edge, NOTHING, TENANT, delivered, ids, new_event, new_stream, read};

async fn fake() -> Fake {
    Fake::start(FakeOptions::default()).await.unwrap()
}

fn open(url: &str) -> (Arc<EventStoreLog>, DropGuard) {
    let shutdown = CancellationToken::new();
    let log = EventStoreLog::open(url.parse().unwrap(), &TaskTracker::new(), &shutdown).unwrap();
    (log, shutdown.drop_guard())
}

#[tokio::test]
async fn an_append_that_was_carried_out_and_never_answered_is_not_carried_out_again() {
    let fake = fake().await;
    let (log, _shutdown) = open(&fake.url());
    let cuts = [
        vec![Misbehaviour::CutAfter],
        vec![Misbehaviour::CutBefore],
        vec![Misbehaviour::CutBefore, Misbehaviour::CutAfter],
        vec![Misbehaviour::CutAfter, Misbehaviour::CutAfter],
    ];
    for cuts in cuts {
        for expected in [ExpectedVersion::Exact(Version(1)), ExpectedVersion::Any] {
            let (stream, first, second) = (new_stream(), vec![delivered()], vec![read(), read()]);
            let all = [ids(&first), ids(&second)].concat();
            log.append(stream, NOTHING, first).await.unwrap();
            fake.misbehave(cuts.clone());
            let appended = log.append(stream, expected, second).await.unwrap();
            let recorded = log.read_stream(stream).await.unwrap();
            let last = recorded.last().unwrap();
            assert_eq!((appended.version, appended.position), (last.version, last.position));
            assert_eq!(recorded.iter().map(|event| event.id).collect::<Vec<_>>(), all);
        }
    }
    fake.stop().await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_not_asked_for_ever() {
    let fake = fake().await;
    let (log, _shutdown) = open(&fake.url());
    fake.misbehave([Misbehaviour::CutBefore; 3]);
    let refused = log.append(new_stream(), NOTHING, vec![delivered()]).await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    assert_eq!(fake.appends(), 0);
    // It is not held against the server.
    log.append(new_stream(), NOTHING, vec![delivered()]).await.unwrap();
    fake.stop().await;
}

#[tokio::test]
async fn an_append_larger_than_the_server_takes_is_refused_and_the_limit_is_told() {
    let fake = fake().await;
    let (log, _shutdown) = open(&fake.url());
    let stream = StreamName { category: Category::Webhook, tenant: TENANT, id: Edge.new_id() };
    let received = webhook::Received {
        waha_session: "main".to_owned(),
        session_id: None,
        event: "message".to_owned(),
        event_id: "evt".to_owned(),
        fingerprint: String::new(),
        body: "x".repeat(1 << 20),
        at: Edge.now(),
    };
    let event = new_event(webhook::Event::Received(Box::new(received)));
    let refused = log.append(stream, NOTHING, vec![event]).await;
    let Err(LogError::Refused(reason)) = refused else { panic!("{refused:?}") };
    assert!(reason.to_string().contains("MaxAppendSize"), "{reason}");
    assert_eq!(log.read_stream(stream).await.unwrap(), []);
    fake.stop().await;
}

#[tokio::test]
async fn an_idle_reader_does_not_have_others_events_searched_again_and_again() {
    let fake = fake().await;
    let (theirs, _shutdown) = open(&fake.url());
    let (ours, _shutdown) = open(&fake.url());
    let first = ours.append(new_stream(), NOTHING, vec![delivered()]).await.unwrap();
    fake.fill(5_000);
    assert_eq!(ours.read_all(first.position, 10).await.unwrap(), []);
    let searched = fake.searched();
    for _ in 0..5 {
        assert_eq!(ours.read_all(first.position, 10).await.unwrap(), []);
    }
    assert_eq!(fake.searched(), searched);
    // And still nothing is missed.
    let second = theirs.append(new_stream(), NOTHING, vec![read()]).await.unwrap();
    let news = ours.read_all(first.position, 10).await.unwrap();
    assert_eq!(news.iter().map(|event| event.position).collect::<Vec<_>>(), [second.position]);
    assert_eq!(ours.read_all(Position::START, 10).await.unwrap().len(), 2);
    fake.stop().await;
}

#[tokio::test]
async fn a_cluster_is_asked_for_its_leader() {
    let fake = fake().await;
    let seed = fake.url().split_once('@').unwrap().1.split_once('?').unwrap().0.to_owned();
    for url in [
        fake.url().replace(&seed, &format!("{seed},{seed}")),
        fake.url().replace("esdb:", "kurrentdb+discover:"),
    ] {
        let (log, _shutdown) = open(&url);
        let stream = new_stream();
        log.append(stream, NOTHING, vec![delivered()]).await.unwrap();
        assert_eq!(log.read_stream(stream).await.unwrap().len(), 1);
        // A node that goes away takes its client along; the next one is found.
        fake.cut();
        log.append(stream, ExpectedVersion::Any, vec![read()]).await.unwrap();
    }
    fake.stop().await;
}

use domain::id::{SessionId, TenantId};
use domain::session::Action;
use domain::session::event::{
    ActionCompleted, ActionFailed, ActionRequested, Created, Deleted, Event, Origin, Placed,
    ReachOutLocked, StatusChanged,
};
use domain::session::status::SessionStatus;
use domain::stream::{Category, StreamName};
use domain::waha_server::name::ServerName;
use domain::whatsapp::Engine;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::page::Page;
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, STRANGER, TENANT, at, settle};

fn session(tenant: TenantId, number: u128) -> StreamName {
    StreamName { category: Category::Session, tenant, id: Uuid::from_u128(number) }
}

fn created(seconds: i64) -> Event {
    let name = "Support".to_owned().try_into().unwrap();
    Event::Created(Created { name, waha_session: "support_1".into(), at: at(seconds) })
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_is_shown_as_last_told_in_waha_s_words(pool: PgPool) {
    let (log, stream) = (MemoryLog::new(), session(TENANT, 1));
    let models = ReadModels::new(pool.clone());
    log.record(stream, created(0));
    settle(&log, &pool).await;
    let row = models.find_session(TENANT, SessionId(stream.id)).await.unwrap().unwrap();
    assert_eq!(
        serde_json::to_value(row).unwrap(),
        json!({
            "id": "00000000-0000-0000-0000-000000000001", "name": "Support",
            "status": "STARTING", "wahaSession": "support_1",
            "wahaServer": "default", "engine": null, "phone": null,
            "pendingAction": "start", "lastError": null, "reachOutLockedUntil": null,
            "queueMode": "run", "suspicion": null, "suspectedAt": null, "restartCause": null,
            "restartedAt": null, "loggedOutAt": null,
            "createdAt": "2026-11-20T10:00:00Z", "updatedAt": "2026-11-20T10:00:00Z",
        })
    );

    log.record(
        stream,
        Event::ActionCompleted(ActionCompleted { action: Action::Start, at: at(1) }),
    );
    log.record(
        stream,
        Event::StatusChanged(StatusChanged {
            status: SessionStatus::Working,
            engine: Some(Engine::Gows),
            phone: Some("+6281234567890".parse().unwrap()),
            at: at(2),
        }),
    );
    log.record(
        stream,
        Event::ActionRequested(ActionRequested { action: Action::Stop, cause: None, at: at(3) }),
    );
    let reason = "no such session".to_owned();
    log.record(
        stream,
        Event::ActionFailed(ActionFailed { action: Action::Stop, reason, at: at(4) }),
    );
    let (until, detail) = (at(90), "error 463".to_owned());
    log.record(stream, Event::ReachOutLocked(ReachOutLocked { until, detail, at: at(4) }));
    settle(&log, &pool).await;
    let row = models.find_session(TENANT, SessionId(stream.id)).await.unwrap().unwrap();
    assert_eq!(row.reach_out_locked_until, Some(at(90)));
    assert_eq!((row.status.as_str(), row.engine.as_deref()), ("WORKING", Some("GOWS")));
    assert_eq!((row.phone.as_deref(), row.pending_action), (Some("+6281234567890"), None));
    assert_eq!(row.last_error.as_deref(), Some("no such session"));
    assert_eq!((row.created_at, row.updated_at), (at(0), at(5)));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_that_is_moved_is_shown_where_it_is_and_as_not_working_yet(pool: PgPool) {
    let (log, stream) = (MemoryLog::new(), session(TENANT, 1));
    let models = ReadModels::new(pool.clone());
    let placed = |server: &str, from: Option<&str>| {
        let name = |text: &str| ServerName::try_from(text.to_owned()).unwrap();
        let from = from.map(|from| Origin { server: name(from), keep_pairing: false });
        Event::Placed(Placed { server: name(server), from, at: at(3) })
    };
    let working = SessionStatus::Working;
    log.record(stream, created(0));
    log.record(stream, placed("eu-1", None));
    log.record(
        stream,
        Event::ActionCompleted(ActionCompleted { action: Action::Start, at: at(1) }),
    );
    log.record(
        stream,
        Event::StatusChanged(StatusChanged {
            status: working,
            engine: None,
            phone: None,
            at: at(2),
        }),
    );
    for (event, expected) in [
        (None, ("eu-1", "WORKING", None)),
        (Some(placed("b", Some("eu-1"))), ("b", "STARTING", Some("start"))),
    ] {
        event.map(|event| log.record(stream, event));
        settle(&log, &pool).await;
        let row = models.find_session(TENANT, SessionId(stream.id)).await.unwrap().unwrap();
        let seen = (row.waha_server.as_str(), row.status.as_str(), row.pending_action.as_deref());
        assert_eq!(seen, expected);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn deleted_sessions_vanish_and_the_others_are_listed_newest_first(pool: PgPool) {
    let log = MemoryLog::new();
    for number in 1..=4 {
        log.record(session(TENANT, number), created(i64::try_from(number).unwrap()));
    }
    log.record(session(STRANGER, 5), created(5));
    log.record(session(TENANT, 2), Event::Deleted(Deleted { at: at(6) }));
    settle(&log, &pool).await;
    log.record(session(TENANT, 3), Event::Deleted(Deleted { at: at(7) }));
    settle(&log, &pool).await;

    let models = ReadModels::new(pool);
    let listing = models.list_sessions(TENANT, Page::default()).await.unwrap();
    let numbers: Vec<_> = listing.rows.iter().map(|row| row.id.as_u128()).collect();
    assert_eq!((numbers, listing.total), (vec![4, 1], 2));
    let deleted = SessionId(Uuid::from_u128(3));
    assert_eq!(models.find_session(TENANT, deleted).await.unwrap(), None);
}

use domain::login_session::{Epochs, Refreshed, RevocationReason};
use domain::stream::{Category, StreamName};
use domain::tenant::Moment;
use domain::user::event::SignedOutEverywhere;
use sqlx::PgPool;

use super::*;
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, STRANGER, TENANT, USER, at, settle, signed_in};

fn session(tenant: TenantId, number: u128) -> StreamName {
    StreamName { category: Category::LoginSession, tenant, id: Uuid::from_u128(number) }
}

/// The user's sessions that were told of since this second.
async fn listed(models: &ReadModels, idle_since: i64) -> Vec<u128> {
    let sessions = models.login_sessions(TENANT, USER, at(idle_since)).await.unwrap();
    sessions.iter().map(|session| session.id.as_u128()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn sessions_are_listed_until_they_are_revoked_or_idle(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    for number in 1..=3 {
        log.record(session(TENANT, number), signed_in(10 * i64::try_from(number).unwrap()));
    }
    log.record(session(STRANGER, 4), signed_in(40));
    settle(&log, &pool).await;
    assert_eq!(listed(&models, 0).await, [3, 2, 1]);
    let shown = models.login_sessions(TENANT, USER, at(0)).await.unwrap();
    assert_eq!(shown[0].ip.as_deref(), Some("192.0.2.1"));
    assert_eq!((shown[0].started_at, shown[0].refreshed_at), (at(30), at(30)));

    let refreshed = SessionEvent::Refreshed(Refreshed { generation: 1, at: at(50) });
    log.record(session(TENANT, 1), refreshed);
    let revoked = Revoked { reason: RevocationReason::SignedOut, at: at(60) };
    log.record(session(TENANT, 3), SessionEvent::Revoked(revoked));
    settle(&log, &pool).await;
    assert_eq!(listed(&models, 0).await, [2, 1]);
    assert_eq!(listed(&models, 25).await, [1], "the other was last heard of before");
}

#[sqlx::test(migrations = "../migrations")]
async fn all_sessions_of_an_epoch_are_over_when_it_ends_and_later_ones_are_not(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    let user = StreamName { category: Category::User, tenant: TENANT, id: USER.0 };
    let tenant = StreamName { category: Category::Tenant, tenant: TENANT, id: TENANT.0 };
    let begin = |number: u128, epochs: Epochs| {
        let Event::LoginSession(SessionEvent::Started(started)) = Event::from(signed_in(0)) else {
            unreachable!("it signs in")
        };
        log.record(session(TENANT, number), SessionEvent::Started(Started { epochs, ..started }));
    };
    begin(1, Epochs { user: 0, tenant: 0 });
    settle(&log, &pool).await;
    let signed_out = SignedOutEverywhere { at: at(1) };
    log.record(user, UserEvent::SignedOutEverywhere(signed_out));
    begin(2, Epochs { user: 1, tenant: 0 });
    settle(&log, &pool).await;
    assert_eq!(listed(&models, -1).await, [2]);

    // Twice in one batch.
    log.record(tenant, TenantEvent::Suspended(Moment { at: at(2) }));
    log.record(tenant, TenantEvent::SignedOutEverywhere(Moment { at: at(3) }));
    settle(&log, &pool).await;
    assert!(listed(&models, -1).await.is_empty());
    begin(3, Epochs { user: 1, tenant: 1 });
    begin(4, Epochs { user: 1, tenant: 2 });
    settle(&log, &pool).await;
    assert_eq!(listed(&models, -1).await, [4]);
}

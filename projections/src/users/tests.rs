use domain::access::Role;
use domain::stream::{Category, StreamName};
use domain::user::event::{Event, LockReason, Locked, Moment, RoleChanged};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::*;
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, STRANGER, TENANT, at, settle, user_created};

fn stream(tenant: TenantId, number: u128) -> StreamName {
    StreamName { category: Category::User, tenant, id: Uuid::from_u128(number) }
}

async fn shown(models: &ReadModels, number: u128) -> Value {
    let user = models.find_user(TENANT, UserId(Uuid::from_u128(number))).await.unwrap();
    serde_json::to_value(user).unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_user_is_shown_as_last_told_however_the_telling_is_cut_into_batches(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    let ada = stream(TENANT, 1);
    log.record(ada, user_created(0));
    log.record(ada, Event::EmailVerified(Moment { at: at(1) }));
    settle(&log, &pool).await;
    let mut expected = json!({
        "id": "00000000-0000-0000-0000-000000000001", "email": "ada@example.com", "role": "viewer",
        "isActive": true, "isVerified": true, "hasSecondFactor": false,
        "isLocked": false, "lockedUntil": null, "createdAt": at(0), "updatedAt": at(1),
    });
    assert_eq!(shown(&models, 1).await, expected);

    let locked = Locked { reason: LockReason::TooManyFailures, until: Some(at(900)), at: at(4) };
    for event in [
        Event::RoleChanged(RoleChanged { role: Role::Operator, at: at(2) }),
        Event::SecondFactorEnabled(Moment { at: at(3) }),
        Event::Locked(locked),
        Event::Deactivated(Moment { at: at(5) }),
    ] {
        log.record(ada, event);
    }
    settle(&log, &pool).await;
    expected["role"] = "operator".into();
    for (field, value) in [("isActive", false), ("hasSecondFactor", true), ("isLocked", true)] {
        expected[field] = value.into();
    }
    (expected["lockedUntil"], expected["updatedAt"]) = (json!(at(900)), json!(at(5)));
    assert_eq!(shown(&models, 1).await, expected);

    log.record(ada, Event::Unlocked(Moment { at: at(6) }));
    log.record(ada, Event::Reactivated(Moment { at: at(7) }));
    settle(&log, &pool).await;
    for (field, value) in [("isActive", true), ("isLocked", false)] {
        expected[field] = value.into();
    }
    (expected["lockedUntil"], expected["updatedAt"]) = (Value::Null, json!(at(7)));
    assert_eq!(shown(&models, 1).await, expected);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_tenant_is_shown_its_own_users_the_newest_first(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    for (tenant, number) in [(TENANT, 1), (STRANGER, 2), (TENANT, 3)] {
        log.record(stream(tenant, number), user_created(i64::try_from(number).unwrap()));
    }
    settle(&log, &pool).await;
    let listing = models.list_users(TENANT, Page::default()).await.unwrap();
    let ids: Vec<_> = listing.rows.iter().map(|row| row.id.as_u128()).collect();
    assert_eq!((ids.as_slice(), listing.total), ([3, 1].as_slice(), 2));
    assert_eq!(shown(&models, 2).await, Value::Null);
}

use domain::id::UserId;
use domain::refusal::{Means, Reason, Refused};
use domain::stream::{Category, StreamName};
use domain::subdomain::Ownership;
use serde_json::json;
use sqlx::PgPool;

use super::*;
use crate::read_models::ReadModels;
use crate::testing::{
    MemoryLog, STRANGER, TENANT, USER, at, queue, settle, signed_in, user_created,
};

fn stream(category: Category, tenant: TenantId, id: Uuid) -> StreamName {
    StreamName { category, tenant, id }
}

fn refused(user_id: Option<UserId>) -> refusal::Event {
    let (means, reason) = (Means::Password, Reason::WrongSecret);
    refusal::Event::Refused(Refused {
        means,
        reason,
        email: None,
        user_id,
        subject_id: None,
        at: at(0),
    })
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_decided_about_access_is_kept_with_whom_it_is_about_and_nothing_else(
    pool: PgPool,
) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    let (session, tried) = (Uuid::from_u128(2), Uuid::from_u128(3));
    log.record(stream(Category::User, TENANT, USER.0), user_created(0));
    log.record(stream(Category::LoginSession, TENANT, session), signed_in(1));
    queue(&log, TENANT, 9);
    let data = r#"{"reason":"wrong_secret"}"#;
    log.record_as(stream(Category::Refusal, TENANT, tried), refused(Some(USER)).into(), data);
    log.record(stream(Category::Refusal, STRANGER, tried), refused(None));
    settle(&log, &pool).await;

    let all = SecurityFilter::default();
    let listing = models.list_security_events(TENANT, &all, Page::default()).await.unwrap();
    let told = |row: &SecurityEventRow| (row.user_id, row.subject_id);
    assert_eq!(listing.total, 3);
    assert_eq!(
        listing.rows.iter().map(told).collect::<Vec<_>>(),
        [(Some(USER.0), None), (Some(USER.0), Some(session)), (Some(USER.0), None)],
    );
    let newest = serde_json::to_value(&listing.rows[0]).unwrap();
    assert_eq!(newest["data"], json!({ "reason": "wrong_secret" }));
    assert_eq!(newest["actor"], json!({ "kind": "operator" }));

    let filter = SecurityFilter { user: Some(UserId(Uuid::from_u128(77))), ..all.clone() };
    let none = models.list_security_events(TENANT, &filter, Page::default()).await.unwrap();
    assert_eq!((none.rows.len(), none.total), (0, 0));
    // They were recorded a second apart.
    let filter = SecurityFilter { from_date: Some(at(1)), to_date: Some(at(3)), ..all };
    let some = models.list_security_events(TENANT, &filter, Page::default()).await.unwrap();
    assert_eq!((some.rows.len(), some.total), (1, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_subdomain_is_told_with_the_tenant_it_was_given_to(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    let name = "acme".parse().unwrap();
    let taken = Subdomain::Taken(Ownership { name, tenant_id: TENANT, at: at(0) });
    log.record(stream(Category::Subdomain, TenantId::PLATFORM, Uuid::from_u128(5)), taken);
    settle(&log, &pool).await;
    let filter = SecurityFilter::default();
    let told = models.list_security_events(TenantId::PLATFORM, &filter, Page::default()).await;
    assert_eq!(told.unwrap().rows[0].subject_id, Some(TENANT.0));
}

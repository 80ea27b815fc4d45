use domain::id::SubdomainId;
use domain::stream::{Category, StreamName};
use domain::subdomain::SubdomainName;
use domain::tenant::Moment;
use sqlx::PgPool;

use super::*;
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, STRANGER, TENANT, at, settle, tenant_created};

fn tenant(id: TenantId) -> StreamName {
    StreamName { category: Category::Tenant, tenant: id, id: id.0 }
}

fn subdomain(name: &str, tenant_id: TenantId) -> (StreamName, Ownership) {
    let name: SubdomainName = name.parse().unwrap();
    let (category, id) = (Category::Subdomain, SubdomainId::of(&name).0);
    (
        StreamName { category, tenant: TenantId::PLATFORM, id },
        Ownership { name, tenant_id, at: at(5) },
    )
}

#[sqlx::test(migrations = "../migrations")]
async fn a_tenant_is_shown_as_last_told_with_its_subdomains(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    let shown = async |id| models.find_tenant(id).await.unwrap().unwrap();
    log.record(tenant(TENANT), tenant_created(0));
    log.record(tenant(STRANGER), tenant_created(1));
    let (stream, ownership) = subdomain("acme", TENANT);
    log.record(stream, SubdomainEvent::Taken(ownership.clone()));
    log.record(tenant(TENANT), TenantEvent::Suspended(Moment { at: at(2) }));
    settle(&log, &pool).await;
    assert_eq!(shown(TENANT).await.suspended_at, Some(at(2)));
    assert_eq!(shown(TENANT).await.subdomains, ["acme"]);

    // From one tenant to another, while the first has a second one, in one batch.
    log.record(stream, SubdomainEvent::GivenUp(ownership));
    log.record(stream, SubdomainEvent::Taken(subdomain("acme", STRANGER).1));
    let (stream, ownership) = subdomain("acme-2", TENANT);
    log.record(stream, SubdomainEvent::Taken(ownership));
    log.record(tenant(TENANT), TenantEvent::Reactivated(Moment { at: at(6) }));
    settle(&log, &pool).await;
    assert_eq!(shown(TENANT).await.suspended_at, None);
    assert_eq!(shown(TENANT).await.subdomains, ["acme-2"]);
    assert_eq!(shown(STRANGER).await.subdomains, ["acme"]);
    let listing = models.list_tenants(Page::default()).await.unwrap();
    let ids: Vec<_> = listing.rows.iter().map(|row| TenantId(row.id)).collect();
    assert_eq!((ids.as_slice(), listing.total), ([STRANGER, TENANT].as_slice(), 2));
}

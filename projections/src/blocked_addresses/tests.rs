use std::net::IpAddr;

use domain::address::{BlockReason, Unblocked};
use domain::id::{AddressId, TenantId};
use domain::stream::{Category, StreamName};
use sqlx::PgPool;

use super::*;
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, address_blocked, at, settle};

fn stream(address: IpAddr) -> StreamName {
    let (category, tenant) = (Category::Address, TenantId::PLATFORM);
    StreamName { category, tenant, id: AddressId::of(address).0 }
}

#[sqlx::test(migrations = "../migrations")]
async fn addresses_are_listed_while_they_are_blocked(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    let [one, other, third]: [IpAddr; 3] =
        [[192, 0, 2, 1], [192, 0, 2, 2], [192, 0, 2, 3]].map(IpAddr::from);
    log.record(stream(one), address_blocked(one, None, 1));
    log.record(stream(other), address_blocked(other, Some(100), 2));
    log.record(stream(third), address_blocked(third, None, 3));
    log.record(stream(third), AddressEvent::Unblocked(Unblocked { address: third, at: at(4) }));
    settle(&log, &pool).await;
    let listed = async |seconds| {
        let listing = models.list_blocked_addresses(at(seconds), Page::default()).await.unwrap();
        let told = |row: BlockedAddressRow| (row.address, row.blocked_until);
        (listing.rows.into_iter().map(told).collect::<Vec<_>>(), listing.total)
    };
    let (for_good, for_a_while) = ((one.to_string(), None), (other.to_string(), Some(at(100))));
    assert_eq!(listed(50).await, (vec![for_a_while, for_good.clone()], 2));
    assert_eq!(listed(100).await, (vec![for_good], 1), "the time of the other is over");

    // For longer, and then not at all.
    log.record(stream(other), address_blocked(other, Some(200), 5));
    log.record(stream(one), AddressEvent::Unblocked(Unblocked { address: one, at: at(6) }));
    settle(&log, &pool).await;
    assert_eq!(listed(100).await, (vec![(other.to_string(), Some(at(200)))], 1));
    let listing = models.list_blocked_addresses(at(100), Page::default()).await.unwrap();
    assert_eq!(listing.rows[0].reason, BlockReason::ByOrder.as_str());
}

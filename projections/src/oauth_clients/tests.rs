use domain::oauth_client::event::{Event, Revoked, SecretRotated};
use domain::stream::{Category, StreamName};
use serde_json::json;
use sqlx::PgPool;

use super::*;
use crate::read_models::ReadModels;
use crate::testing::{MemoryLog, STRANGER, TENANT, at, client_registered, settle};

#[sqlx::test(migrations = "../migrations")]
async fn a_client_is_shown_as_last_told_and_stays_when_it_is_revoked(pool: PgPool) {
    let log = MemoryLog::new();
    let models = ReadModels::new(pool.clone());
    let stream = |tenant, number| StreamName {
        category: Category::OAuthClient,
        tenant,
        id: Uuid::from_u128(number),
    };
    log.record(stream(TENANT, 1), client_registered(0));
    log.record(stream(TENANT, 2), client_registered(1));
    log.record(stream(STRANGER, 3), client_registered(2));
    settle(&log, &pool).await;
    let rotated = SecretRotated { old_good_until: at(9), at: at(3) };
    log.record(stream(TENANT, 1), Event::SecretRotated(rotated));
    let reason = Some("leaked".parse().unwrap());
    log.record(stream(TENANT, 1), Event::Revoked(Revoked { reason, at: at(4) }));
    settle(&log, &pool).await;

    let listing = models.list_oauth_clients(TENANT, Page::default()).await.unwrap();
    let ids: Vec<_> = listing.rows.iter().map(|row| row.id.as_u128()).collect();
    assert_eq!((ids.as_slice(), listing.total), ([2, 1].as_slice(), 2));
    assert_eq!(
        serde_json::to_value(&listing.rows[1]).unwrap(),
        json!({
            "id": "00000000-0000-0000-0000-000000000001", "name": "Shop", "kind": "confidential",
            "grantTypes": ["client_credentials", "authorization_code"],
            "redirectUris": ["https://shop.example/back"],
            "scopes": ["messages:read", "sessions:read"], "createdBy": { "kind": "operator" },
            "createdAt": at(0), "rotatedAt": at(3), "revokedAt": at(4),
            "revocationReason": "leaked",
        })
    );
}

//! What a batch of events makes of the API keys it touches. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::api_key::event::Event as ApiKeyEvent;
use domain::event::Event;
use domain::ports::event_log::RecordedEvent;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::ApiKeyRow;
use crate::batch::{integer, storable_time};
use crate::touched::{Key, key};

/// The keys a batch touches, those that exist.
pub(super) type Known = BTreeMap<Key, Shown>;

/// A key and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Shown {
    pub(super) tenant_id: Uuid,
    #[sqlx(flatten)]
    pub(super) row: ApiKeyRow,
}

/// The keys after the events.
pub(super) fn fold(mut known: Known, events: &[Arc<RecordedEvent>]) -> Known {
    for recorded in events {
        let Event::ApiKey(event) = &recorded.event else { continue };
        let key = key(recorded);
        match event {
            ApiKeyEvent::Created(created) => {
                let row = ApiKeyRow {
                    id: key.1,
                    name: created.name.as_str().to_owned(),
                    prefix: created.prefix.as_str().to_owned(),
                    scopes: created.scopes,
                    expires_at: created.expires_at.map(storable_time),
                    rate_limit_per_minute: created
                        .rate_limit_per_minute
                        .map(|rate| integer(rate.get())),
                    created_by: Json(created.created_by),
                    created_at: storable_time(created.at),
                    rotated_at: None,
                    revoked_at: None,
                    revocation_reason: None,
                };
                known.insert(key, Shown { tenant_id: key.0, row });
            }
            ApiKeyEvent::Rotated(rotated) => {
                if let Some(shown) = known.get_mut(&key) {
                    shown.row.rotated_at = Some(storable_time(rotated.at));
                }
            }
            ApiKeyEvent::Revoked(revoked) => {
                if let Some(shown) = known.get_mut(&key) {
                    shown.row.revoked_at = Some(storable_time(revoked.at));
                    let reason = revoked.reason.as_ref();
                    shown.row.revocation_reason = reason.map(|text| text.as_str().to_owned());
                }
            }
        }
    }
    known
}

impl ApiKeyRow {
    /// The key that these events of one stream make: for those who must show it before the view does.
    pub fn of(events: &[Arc<RecordedEvent>]) -> Option<Self> {
        fold(Known::new(), events).into_values().next().map(|shown| shown.row)
    }
}

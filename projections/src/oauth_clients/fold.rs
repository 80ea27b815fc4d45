//! What a batch of events makes of the OAuth2 clients it touches. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::event::Event;
use domain::oauth_client::ClientKind;
use domain::oauth_client::event::Event as ClientEvent;
use domain::ports::event_log::RecordedEvent;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::OAuthClientRow;
use crate::batch::storable_time;
use crate::touched::{Key, key};

/// The clients a batch touches, those that exist.
pub(super) type Known = BTreeMap<Key, Shown>;

/// A client and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Shown {
    pub(super) tenant_id: Uuid,
    #[sqlx(flatten)]
    pub(super) row: OAuthClientRow,
}

/// The clients after the events.
pub(super) fn fold(mut known: Known, events: &[Arc<RecordedEvent>]) -> Known {
    for recorded in events {
        let Event::OAuthClient(event) = &recorded.event else { continue };
        let key = key(recorded);
        match event {
            ClientEvent::Registered(registered) => {
                let kind = match registered.kind {
                    ClientKind::Confidential => "confidential",
                    ClientKind::Public => "public",
                };
                let row = OAuthClientRow {
                    id: key.1,
                    name: registered.name.as_str().to_owned(),
                    kind: kind.to_owned(),
                    grant_types: Json(registered.grant_types.clone()),
                    redirect_uris: Json(registered.redirect_uris.clone()),
                    scopes: registered.scopes,
                    created_by: Json(registered.created_by),
                    created_at: storable_time(registered.at),
                    rotated_at: None,
                    revoked_at: None,
                    revocation_reason: None,
                };
                known.insert(key, Shown { tenant_id: key.0, row });
            }
            ClientEvent::SecretRotated(rotated) => {
                if let Some(shown) = known.get_mut(&key) {
                    shown.row.rotated_at = Some(storable_time(rotated.at));
                }
            }
            ClientEvent::Revoked(revoked) => {
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

impl OAuthClientRow {
    /// The client that these events of one stream make: for those who must show it before the view does.
    pub fn of(events: &[Arc<RecordedEvent>]) -> Option<Self> {
        fold(Known::new(), events).into_values().next().map(|shown| shown.row)
    }
}

//! What a batch of events makes of the webhooks it touches. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::ports::event_log::RecordedEvent;
use domain::webhook::{Event as WebhookEvent, Received};
use sqlx::FromRow;
use uuid::Uuid;

use crate::batch::storable_text;
use crate::touched::{Key, key};

/// The webhooks a batch touches.
pub(super) type Known = BTreeMap<Key, Webhook>;

/// A webhook; what is said of its body is said of the latest one.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Webhook {
    pub(super) tenant_id: Uuid,
    pub(super) id: Uuid,
    pub(super) waha_session: String,
    pub(super) session_id: Option<Uuid>,
    pub(super) event: String,
    pub(super) event_id: String,
    pub(super) received_at: DateTime<Utc>,
    pub(super) bytes: i64,
    pub(super) bodies: i32,
    pub(super) repeats: i32,
    pub(super) effect: Option<String>,
    pub(super) processed_at: Option<DateTime<Utc>>,
}

/// The webhooks after the events.
pub(super) fn fold(mut known: Known, events: &[Arc<RecordedEvent>]) -> Known {
    for recorded in events {
        let Event::Webhook(event) = &recorded.event else { continue };
        let key = key(recorded);
        match event {
            WebhookEvent::Received(received) => {
                let (bodies, repeats) =
                    known.get(&key).map_or((0, 0), |webhook| (webhook.bodies, webhook.repeats));
                let webhook = Webhook { bodies: bodies + 1, repeats, ..new(key, received) };
                known.insert(key, webhook);
            }
            WebhookEvent::Repeated(_) => {
                if let Some(webhook) = known.get_mut(&key) {
                    webhook.repeats += 1;
                }
            }
            WebhookEvent::Processed(processed) => {
                if let Some(webhook) = known.get_mut(&key) {
                    webhook.effect = Some(processed.effect.as_str().to_owned());
                    webhook.processed_at = Some(processed.at);
                }
            }
        }
    }
    known
}

fn new((tenant_id, id): Key, received: &Received) -> Webhook {
    Webhook {
        tenant_id,
        id,
        waha_session: storable_text(&received.waha_session),
        session_id: received.session_id.map(|session_id| session_id.0),
        event: storable_text(&received.event),
        event_id: storable_text(&received.event_id),
        received_at: received.at,
        bytes: i64::try_from(received.body.len()).unwrap_or(i64::MAX),
        bodies: 0,
        repeats: 0,
        effect: None,
        processed_at: None,
    }
}

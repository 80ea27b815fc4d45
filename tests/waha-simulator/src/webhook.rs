//! Webhooks: an event becomes one signed POST per destination, repeated until a 2xx.
//!
//! As in WAHA nothing orders two events, nothing survives a restart, and giving up leaves no trace
//! but the list of attempts that this simulator keeps for its own sake.

pub(crate) mod attempt;
mod delivery;
pub(crate) mod destination;
pub(crate) mod event;
mod retry;
mod signature;

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::{
    misbehaviour::WebhookFault,
    waha::Waha,
    webhook::{delivery::Delivery, event::Event},
};

/// Webhooks held back, to be posted after the next one.
pub(crate) type Held = Vec<Delivery>;

impl Waha {
    /// Posts an event to every destination that wants it, unless a rule says otherwise.
    ///
    /// The handles tell when each destination has been served; dropping them changes nothing.
    pub(crate) fn publish(self: &Arc<Self>, event: &Event) -> Vec<JoinHandle<()>> {
        let deliveries = self.deliveries_of(event);
        if deliveries.is_empty() {
            return Vec::new();
        }
        let session = event.session.clone();
        let fault = self.world().rules.on_webhook(&session, event.name, &event.text());
        match fault {
            None => self.post_before_held(&session, deliveries),
            Some(WebhookFault::Drop) => Vec::new(),
            Some(WebhookFault::Duplicate { same_event_id: true }) => {
                let twice = [deliveries.clone(), deliveries].concat();
                self.post_before_held(&session, twice)
            }
            Some(WebhookFault::Duplicate { same_event_id: false }) => {
                let other = self.deliveries_of(&event.with_new_id());
                self.post_before_held(&session, [deliveries, other].concat())
            }
            Some(WebhookFault::Reorder) => {
                self.world().held.entry(session).or_default().extend(deliveries);
                Vec::new()
            }
        }
    }

    fn deliveries_of(&self, event: &Event) -> Vec<Delivery> {
        let body = event.body(&self.options);
        let wanting = event.destinations.iter().filter(|webhook| webhook.wants(event.name));
        wanting.map(|webhook| Delivery::new(webhook.clone(), event, body.clone())).collect()
    }

    /// Posts these, and what was held back for reordering only after them.
    fn post_before_held(
        self: &Arc<Self>,
        session: &str,
        deliveries: Vec<Delivery>,
    ) -> Vec<JoinHandle<()>> {
        let held = self.world().held.remove(session).unwrap_or_default();
        let waha = Arc::clone(self);
        if held.is_empty() {
            let post = |delivery| self.spawn(waha.clone().deliver(delivery));
            return deliveries.into_iter().map(post).collect();
        }
        vec![self.spawn(async move {
            for delivery in deliveries.into_iter().chain(held) {
                waha.clone().deliver(delivery).await;
            }
        })]
    }
}

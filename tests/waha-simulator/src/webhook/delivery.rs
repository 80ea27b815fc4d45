//! One event on its way to one destination.

use std::{sync::Arc, time::Duration};

use reqwest::{
    RequestBuilder, Response,
    header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT},
};

use crate::{
    clock, identifiers,
    waha::Waha,
    webhook::{
        attempt::WebhookAttempt, destination::Webhook, event::Event, retry::Retries,
        signature::sign,
    },
};

/// A request, made once and repeated unchanged: body, ids, time and signature.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    webhook: Webhook,
    session: String,
    event: &'static str,
    event_id: String,
    request_id: String,
    timestamp: i64,
    body: String,
}

impl Delivery {
    pub(super) fn new(webhook: Webhook, event: &Event, body: String) -> Self {
        Self {
            webhook,
            session: event.session.clone(),
            event: event.name,
            event_id: event.id.clone(),
            request_id: identifiers::webhook_request_id(),
            timestamp: event.timestamp,
            body,
        }
    }

    /// The request, its headers in WAHA's order.
    fn request(&self, waha: &Waha) -> RequestBuilder {
        let mut request = waha
            .client
            .post(&self.webhook.url)
            .header(ACCEPT, "application/json, text/plain, */*")
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, format!("WAHA/{}", waha.options.version));
        for header in self.webhook.custom_headers.iter().flatten() {
            request = request.header(&header.name, &header.value);
        }
        request = request
            .header("X-Webhook-Request-Id", &self.request_id)
            .header("X-Webhook-Timestamp", self.timestamp.to_string());
        if let Some(key) = self.webhook.hmac.as_ref().and_then(|hmac| hmac.key.as_ref()) {
            request = request
                .header("X-Webhook-Hmac", sign(key, &self.body))
                .header("X-Webhook-Hmac-Algorithm", "sha512");
        }
        request
            .header(ACCEPT_ENCODING, "gzip, compress, deflate, br")
            .header(CONNECTION, "keep-alive")
            .body(self.body.clone())
    }

    fn attempted(&self, status: Option<u16>) -> WebhookAttempt {
        WebhookAttempt {
            session: self.session.clone(),
            event: self.event.to_owned(),
            event_id: self.event_id.clone(),
            url: self.webhook.url.clone(),
            status,
            at: clock::now(),
        }
    }
}

impl Waha {
    /// Posts until a 2xx or the end of the policy. Any other answer is a reason to repeat.
    pub(super) async fn deliver(self: Arc<Self>, delivery: Delivery) {
        let retries = delivery.webhook.retries.clone().unwrap_or_default();
        for retry in 1.. {
            let retry_after = match delivery.request(&self).send().await {
                Ok(answer) => {
                    let status = answer.status();
                    let attempt = delivery.attempted(Some(status.as_u16()));
                    self.world().webhook_attempts.push(attempt);
                    if status.is_success() {
                        return;
                    }
                    seconds_asked_for(&answer)
                }
                Err(error) => {
                    tracing::debug!(%error, url = delivery.webhook.url, "POST request failed");
                    self.world().webhook_attempts.push(delivery.attempted(None));
                    None
                }
            };
            if !pause(&retries, retry, retry_after).await {
                tracing::warn!(event.id = delivery.event_id, "POST request failed, given up");
                return;
            }
        }
    }
}

/// Waits for the next retry; false when there is none.
async fn pause(retries: &Retries, retry: u32, retry_after: Option<Duration>) -> bool {
    match retries.wait_before(retry, retry_after) {
        Some(wait) => {
            tokio::time::sleep(wait).await;
            true
        }
        None => false,
    }
}

fn seconds_asked_for(answer: &Response) -> Option<Duration> {
    let header = answer.headers().get(RETRY_AFTER)?;
    header.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

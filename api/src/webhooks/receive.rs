//! `POST /webhooks/waha`

use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::IntoResponse;
use bytes::Bytes;
use chrono::TimeDelta;
use commands::session_keys::SessionKey;
use domain::id::{TenantId, WebhookId};
use domain::ports::event_log::Actor;
use domain::webhook::{Command, Event, Webhook};
use failpoint::Failpoint;
use http::HeaderMap;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use webhook_adapter::inbound::envelope::{Envelope, MalformedWebhook, NAME_CHARACTERS_MAX};
use webhook_adapter::inbound::signature;

use crate::app::App;
use crate::envelope::success;
use crate::extract::described;
use crate::extract::json::unread;
use crate::openapi::answers::Success;
use crate::openapi::refusals::refusals;
use crate::peer::Peer;
use crate::problem::{Code, Detail, Problem};
use crate::read_your_write::At;
use crate::request_id::RequestId;
use schemars::JsonSchema;

/// Largest webhook: a message's text, its quotes and a thumbnail are far below.
pub const BODY_BYTES_MAX: usize = 5 * 1024 * 1024;
/// How far WAHA's clock may be ahead. Behind is no matter: WAHA repeats for hours what was not taken.
const CLOCK_AHEAD_MAX: TimeDelta = TimeDelta::hours(24);
/// When WAHA should deliver again what a process that shuts down did not take.
const DRAINING_RETRY_AFTER: Duration = Duration::from_secs(2);

/// A webhook, as WAHA sends it.
struct WahaWebhook;

impl IntoParams for WahaWebhook {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let name = || json!({ "type": "string", "minLength": 1, "maxLength": NAME_CHARACTERS_MAX });
        let envelope = json!({
            "type": "object",
            "description": "WAHA's envelope; what is in the payload depends on the event.",
            "required": ["event", "session"],
            "properties": {
                "event": name(),
                "session": name(),
                "id": name(),
                "timestamp": { "type": "integer", "description": "Milliseconds since 1970, by WAHA's clock." },
                "payload": { "type": "object" },
            },
        });
        let hmac = json!({ "type": "string", "description": "HMAC-SHA512 of the body, in hexadecimal digits." });
        let hmac = described::parameter("X-Webhook-Hmac", ParameterIn::Header, true, hmac);
        vec![hmac, described::body(envelope.into())]
    }
}

/// What became of a webhook.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReceivedWebhook")]
struct Received {
    id: WebhookId,
    /// Whether the same was delivered before.
    repeated: bool,
}

refusals! {
    /// Why a webhook is not taken.
    WebhookRefused: ValidMalformedRequest, ValidBodyTooLarge, WebhookMalformed, WebhookTimestampInvalid,
        WebhookSignatureInvalid, WebhookAddressNotAllowed, WebhookDraining, RateLimitExceeded;
}

/// Takes a webhook.
#[utoipa::path(
    post, path = "/webhooks/waha", tag = "webhooks", operation_id = "receiveWebhook",
    params(WahaWebhook),
    responses(At<Success<Received>>, WebhookRefused)
)]
pub async fn receive(
    State(app): State<App>,
    Peer(peer): Peer,
    request_id: RequestId,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    admit(&app, Peer(peer))?;
    let body = body.map_err(|rejection| unread(&rejection))?;
    let envelope = Envelope::parse(&body)?;
    let key = app.session_keys.find(&envelope.waha_session).await?;
    verify(&app, &headers, &body, key.as_ref())?;
    check_time(&app, &envelope)?;

    let id = WebhookId::of(&envelope.waha_session, &envelope.event, &envelope.event_id);
    let tenant = key.as_ref().map_or(TenantId::PLATFORM, |key| key.tenant_id);
    let session_id = key.map(|key| key.session_id);
    let received = envelope.into_received(&body, session_id, app.ambient().now());
    metrics::histogram!("heliograph_webhook_body_bytes").record(size(&body));
    failpoint::reach(Failpoint::WebhookVerified);
    let executed = app
        .executor
        .begin::<Webhook>(
            tenant,
            id.0,
            Command::Receive(Box::new(received)),
            request_id.metadata(Actor::Waha),
        )
        .await?;
    failpoint::reach(Failpoint::WebhookStored);
    let repeated = executed.events.iter().any(|event| matches!(event, Event::Repeated(_)));
    Ok(At(executed.position, success(Received { id, repeated })))
}

/// Whether webhooks are taken now, and from here.
fn admit(app: &App, Peer(peer): Peer) -> Result<(), Problem> {
    if app.is_draining() {
        let message = "the server is shutting down; deliver it again";
        return Err(Problem::new(Code::WebhookDraining, message).retry_after(DRAINING_RETRY_AFTER));
    }
    if !app.webhook_allowed.allows(peer) {
        let message = "webhooks are not taken from this address";
        return Err(Problem::new(Code::WebhookAddressNotAllowed, message));
    }
    let exceeded = app.limits.webhook.check(&peer);
    exceeded.map(drop).map_err(|limit| limit.exceeded(app.ambient().now()))
}

/// Two secrets are tried whether or not the session has its own, so that the time does not tell.
fn verify(
    app: &App,
    headers: &HeaderMap,
    body: &[u8],
    key: Option<&SessionKey>,
) -> Result<(), Problem> {
    let global = &app.webhook_secret;
    let own: &SecretString = key.map_or(global, |key| &key.secret);
    signature::verify(headers, body, &[own.clone(), global.clone()])
        .map_err(|error| Problem::new(Code::WebhookSignatureInvalid, error.to_string()))
}

fn check_time(app: &App, envelope: &Envelope) -> Result<(), Problem> {
    let latest = app.ambient().now() + CLOCK_AHEAD_MAX;
    if envelope.timestamp.is_none_or(|timestamp| timestamp <= latest) {
        return Ok(());
    }
    let message = "is more than 24 hours in the future: check WAHA's clock";
    Err(Detail::new(Code::WebhookTimestampInvalid, message).on("timestamp").into())
}

#[expect(clippy::cast_precision_loss, reason = "a body has far less than 2^53 bytes")]
fn size(body: &[u8]) -> f64 {
    body.len() as f64
}

impl From<MalformedWebhook> for Problem {
    fn from(error: MalformedWebhook) -> Self {
        let detail = Detail::new(Code::WebhookMalformed, error.to_string());
        match error.field() {
            Some(field) => detail.on(field).into(),
            None => detail.into(),
        }
    }
}

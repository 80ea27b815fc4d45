//! `POST /messages/send`

mod times;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use commands::executor::Executed;
use commands::idempotency_keys::Reservation;
use domain::body::MessageBody;
use domain::id::{MessageId, SessionId, TenantId};
use domain::message::content::{ClientReference, ContentKind, CustomerMetadata};
use domain::message::event::{Event, Queued};
use domain::message::{Command, Message};
use domain::phone::PhoneNumber;
use domain::ports::event_log::Metadata;
use domain::priority::Priority;
use domain::session::Session;
use domain::session::queue_mode::QueueMode;
use http::StatusCode;
use serde::Serialize;

use super::phone;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::located;
use crate::extract::field::Text;
use crate::extract::path::PathId;
use crate::extract::{Fields, FromFields, Json, Noted};
use crate::mount::Mount;
use crate::openapi::answers;
use crate::openapi::refusals::refusals;
use crate::problem::{Code, Detail, Problem};
use crate::read_your_write::At;
use crate::request_id::RequestId;
use schemars::JsonSchema;

/// The message to be sent.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMessage {
    /// The session that is to carry it.
    session_id: SessionId,
    /// The recipient's number: with its country code, such as +6281234567890, or as it is written in the tenant's
    /// own country.
    #[schemars(length(min = 1, max = 256))]
    to: String,
    /// The text.
    #[schemars(length(min = 1, max = 4096))]
    body: MessageBody,
    /// What it is: nothing but text can be sent.
    #[schemars(rename = "type")]
    #[expect(dead_code, reason = "there is only one kind, so nothing depends on it")]
    kind: Option<OnlyText>,
    /// How urgent it is.
    #[schemars(default)]
    priority: Priority,
    /// A JSON object of the client's own, of at most 4096 bytes, carried untouched.
    #[schemars(default)]
    metadata: CustomerMetadata,
    /// The client's own name for it.
    #[schemars(length(min = 1, max = 128))]
    client_reference: Option<ClientReference>,
    /// Not to be sent before; at most a year ahead.
    send_at: Option<DateTime<Utc>>,
    /// Not to be sent after.
    expires_at: Option<DateTime<Utc>>,
}

/// The kind of message that can be sent.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum OnlyText {
    /// Text.
    Text,
}

/// The message that was accepted.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AcceptedMessage")]
#[serde(rename_all = "camelCase")]
struct Accepted {
    id: MessageId,
    session_id: SessionId,
    to: PhoneNumber,
    #[serde(rename = "type")]
    kind: ContentKind,
    #[schemars(extend("enum" = ["queued", "scheduled"]))]
    status: &'static str,
    priority: Priority,
    client_reference: Option<ClientReference>,
    send_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    /// When it may be expected to go; none if that cannot be told now.
    estimated_send_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl FromFields for NewMessage {
    fn from_fields(fields: &mut Fields) -> Result<Self, Noted> {
        let session_id = fields.required("sessionId");
        let to = recipient(fields);
        let body = fields.required("body");
        let kind = kind(fields);
        let priority = fields.optional("priority");
        let metadata = fields.optional("metadata");
        let client_reference = fields.optional("clientReference");
        let send_at = fields.optional("sendAt");
        let expires_at = fields.optional("expiresAt");
        Ok(Self {
            session_id: session_id?,
            to: to?,
            body: body?,
            kind: kind?,
            priority: priority?.unwrap_or_default(),
            metadata: metadata?.unwrap_or_default(),
            client_reference: client_reference?,
            send_at: send_at?,
            expires_at: expires_at?,
        })
    }
}

refusals! {
    /// Why a message is not accepted.
    SendRefused: ValidUnsupportedType, SessionNotFound, SessionDraining;
}

/// Accepts a message.
///
/// It is durable before it is answered, and sent afterwards by the delivery saga.
#[utoipa::path(
    post, path = "/messages/send", tag = "messages", operation_id = "sendMessage",
    params(Json<NewMessage>),
    responses(At<answers::Accepted<Accepted>>, SendRefused)
)]
pub async fn send(
    State(app): State<App>,
    caller: Caller,
    request_id: RequestId,
    mount: Mount,
    reservation: Option<Extension<Reservation>>,
    Json(message): Json<NewMessage>,
) -> Result<Response, Problem> {
    let metadata = request_id.metadata(caller.actor());
    let id = MessageId(app.executor.new_id(&metadata, "message"));
    // What was accepted stays so, whatever has become of its session or its times.
    let (accepted, estimated_send_at) =
        match app.executor.done::<Message>(caller.tenant, id.0, &metadata).await? {
            Some(accepted) => (accepted, None),
            None => accept(&app, caller.tenant, id, message, metadata, reservation).await?,
        };
    let Executed { events, position } = accepted;
    let Some(Event::Queued(queued)) = events.into_iter().next() else {
        return Err(Problem::internal("a message was accepted without being queued"));
    };
    let location = mount.path(&format!("/messages/{id}"));
    let accepted = Accepted::new(id, queued, estimated_send_at);
    let response = located(StatusCode::ACCEPTED, &location, accepted);
    Ok(At(position, response).into_response())
}

/// Queues the message if it may be sent, and estimates meanwhile when it goes.
async fn accept(
    app: &App,
    tenant: TenantId,
    id: MessageId,
    message: NewMessage,
    metadata: Metadata,
    reservation: Option<Extension<Reservation>>,
) -> Result<(Executed<Event>, Option<DateTime<Utc>>), Problem> {
    let queued = message.check(app, tenant).await?;
    let session = app.executor.load::<Session>(tenant, queued.session_id.0).await?;
    let Session::Open(session) = session else { return Err(SessionId::not_found()) };
    if session.queue_mode == QueueMode::Drain {
        let told = "the session takes no more messages: its queue is being drained";
        return Err(Problem::new(Code::SessionDraining, told));
    }
    if let (Some(Extension(reservation)), Some(send_at)) = (reservation, queued.send_at) {
        app.idempotency_keys.outlast(&reservation, send_at).await?;
    }
    let command = Command::Queue(queued.clone());
    let (executed, estimated_send_at) = tokio::join!(
        app.executor.begin::<Message>(tenant, id.0, command, metadata),
        estimate(app, &queued),
    );
    Ok((executed?, estimated_send_at))
}

/// An international number is read at once, so that its errors are told along with the others.
fn recipient(fields: &mut Fields) -> Result<String, Noted> {
    let Text(text) = fields.required("to")?;
    match text.parse::<PhoneNumber>() {
        Err(error) if phone::is_international(&text) => fields.refuse(phone::refusal(&error, "to")),
        _ => Ok(text),
    }
}

fn kind(fields: &mut Fields) -> Result<Option<OnlyText>, Noted> {
    let Some(Text(kind)) = fields.optional("type")? else { return Ok(None) };
    if kind == ContentKind::Text.as_str() {
        return Ok(Some(OnlyText::Text));
    }
    let detail = Detail::new(Code::ValidUnsupportedType, "must be text: no other type can be sent");
    fields.refuse(detail.on("type").by("ONE_OF"))
}

impl NewMessage {
    /// Checks what cannot be told from the request alone.
    async fn check(self, app: &App, tenant: TenantId) -> Result<Queued, Problem> {
        let now = app.ambient().now();
        let mut details = times::check(self.send_at, self.expires_at, now);
        let to = phone::read(app, tenant, &self.to).await?;
        let to = to.map_err(|error| details.insert(0, phone::refusal(&error, "to")));
        match (to, Problem::all(details)) {
            (Ok(to), None) => Ok(self.into_queued(to, now)),
            (_, Some(problem)) => Err(problem),
            (Err(()), None) => Err(Problem::new(Code::ValidMalformedRequest, "cannot be read")),
        }
    }

    fn into_queued(self, to: PhoneNumber, now: DateTime<Utc>) -> Queued {
        Queued {
            session_id: self.session_id,
            to,
            body: self.body,
            priority: self.priority,
            metadata: self.metadata,
            client_reference: self.client_reference,
            send_at: self.send_at,
            expires_at: self.expires_at,
            at: now,
        }
    }
}

impl Accepted {
    fn new(id: MessageId, queued: Queued, estimated_send_at: Option<DateTime<Utc>>) -> Self {
        let is_due = queued.send_at.is_none_or(|send_at| send_at <= queued.at);
        Self {
            id,
            estimated_send_at,
            session_id: queued.session_id,
            to: queued.to,
            kind: ContentKind::Text,
            status: if is_due { "queued" } else { "scheduled" },
            priority: queued.priority,
            client_reference: queued.client_reference,
            send_at: queued.send_at,
            expires_at: queued.expires_at,
            created_at: queued.at,
        }
    }
}

/// The message is accepted whether or not this can be told.
async fn estimate(app: &App, queued: &Queued) -> Option<DateTime<Utc>> {
    let ready_at = queued.send_at.map_or(queued.at, |send_at| send_at.max(queued.at));
    app.estimates
        .next(queued.session_id, ready_at)
        .await
        .inspect_err(|error| tracing::warn!(%error, "the time of sending could not be estimated"))
        .ok()
}

//! `GET /messages/{id}/why`: why a message has not gone out yet, or what became of it, in words.

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use domain::id::MessageId;
use domain::sagas::delivery::waiting::Waiting;
use projections::messages::MessageRow;
use projections::messages::status::{Direction, MessageStatus};
use serde::Serialize;

use super::MessageUnknown;
use super::shown;
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::success;
use crate::extract::Id;
use crate::openapi::answers::Success;
use crate::problem::Problem;
use schemars::JsonSchema;

/// How a message stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Why {
    message_id: MessageId,
    status: MessageStatus,
    /// The reason, in one word that clients may rely on.
    code: &'static str,
    /// The reason in words, and what can be done about it.
    reason: String,
    /// Until when it stands, where that is known.
    until: Option<DateTime<Utc>>,
}

/// Tells why a message has not gone out yet, or what became of it.
#[utoipa::path(
    get, path = "/messages/{id}/why", tag = "messages", operation_id = "whyMessageWaits",
    params(Id<MessageId>),
    responses(Success<Why>, MessageUnknown)
)]
pub async fn why(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
) -> Result<impl IntoResponse, Problem> {
    let look = || async { Ok(app.read_models.find_message(caller.tenant, id).await?) };
    let message = shown(&app, caller.tenant, id, look).await?;
    let prospect = app.inspection.prospect(caller.tenant, id).await?;
    Ok(success(match prospect {
        Some(prospect) => waiting(id, &message, &prospect.waits_for(app.ambient().now())),
        None => past(id, message),
    }))
}

fn waiting(id: MessageId, message: &MessageRow, waiting: &Waiting) -> Why {
    let error = message.last_error.as_deref().filter(|_| {
        matches!(waiting, Waiting::ForRetry(_) | Waiting::ForProof(_) | Waiting::ForSession(_))
    });
    let described = waiting.describe();
    Why {
        message_id: id,
        status: message.status,
        code: waiting.as_str(),
        reason: error
            .map_or(described.clone(), |error| format!("{described}. Last error: {error}")),
        until: waiting.until(),
    }
}

/// Of a message somebody wrote, and of ours that is not on the queue: it has gone, has ended, or was accepted a moment ago.
fn past(id: MessageId, message: MessageRow) -> Why {
    let (code, reason) = match message.status {
        _ if message.direction == Direction::Inbound => {
            ("received", "somebody wrote it".to_owned())
        }
        MessageStatus::Scheduled
        | MessageStatus::Queued
        | MessageStatus::Held
        | MessageStatus::Sending
        | MessageStatus::Retrying
        | MessageStatus::Unknown => (
            "not_taken_in",
            "it is accepted; the delivery saga will read of it in a moment".to_owned(),
        ),
        MessageStatus::Sent if message.ack_overdue_at.is_some() => (
            "acknowledgement_overdue",
            "WAHA took it, and WhatsApp has not acknowledged it in time; it may still arrive"
                .to_owned(),
        ),
        MessageStatus::Sent => {
            ("sent", "WAHA took it; WhatsApp has not told more of it yet".to_owned())
        }
        MessageStatus::Delivered => ("delivered", "it is on the recipient's device".to_owned()),
        MessageStatus::Read => ("read", "the recipient has read it".to_owned()),
        MessageStatus::Played => ("played", "the recipient has played it".to_owned()),
        MessageStatus::Failed => {
            let error = message.last_error.unwrap_or_else(|| "no reason is known".to_owned());
            (
                "failed",
                format!("it was given up: {error}. Send it again: POST /dead-letters/{id}/redrive"),
            )
        }
        MessageStatus::Canceled => ("canceled", "somebody canceled it".to_owned()),
        MessageStatus::Suppressed => ("suppressed", "the recipient wants no messages".to_owned()),
        MessageStatus::Expired => ("expired", "its time was over before it could go".to_owned()),
    };
    Why { message_id: id, status: message.status, code, reason, until: None }
}

//! Messages: sent, shown, listed, counted, settled.

pub mod history;
pub mod list;
pub mod phone;
pub mod send;
pub mod settle;
pub mod show;
pub mod stats;
pub mod why;

use std::time::Duration;

use domain::id::{MessageId, TenantId};
use domain::message::{self, Message};

use crate::app::App;
use crate::eventually::eventually;
use crate::extract::path::PathId;
use crate::openapi::refusals::refusals;
use crate::problem::{Code, Problem};

/// How long an answer waits for a view to come as far as the log.
const VIEW_TIME_MAX: Duration = Duration::from_secs(2);
/// When a client may look again for what the views do not show yet.
const NOT_YET_RETRY_AFTER: Duration = Duration::from_secs(1);

refusals! {
    /// The message is not there, or not shown yet.
    MessageUnknown: MessageNotFound, MessageNotYetVisible;
    /// Why nothing is done to a message.
    MessageRefused: MessageNotFound, MessageWrongState;
}

/// What the views show of a message. What is in the log and not yet in the views is waited for, so that a
/// message can be read as soon as it is accepted.
async fn shown<T, F>(
    app: &App,
    tenant: TenantId,
    id: MessageId,
    mut look: impl FnMut() -> F,
) -> Result<T, Problem>
where
    F: Future<Output = Result<Option<T>, Problem>>,
{
    if let Some(shown) = look().await? {
        return Ok(shown);
    }
    if app.executor.load::<Message>(tenant, id.0).await? == Message::Absent {
        return Err(MessageId::not_found());
    }
    eventually(VIEW_TIME_MAX, look).await?.ok_or_else(not_yet_visible)
}

/// Not a 404, after which a client might send the message again.
fn not_yet_visible() -> Problem {
    let message = "the message exists, but cannot be shown yet; try again in a moment";
    Problem::new(Code::MessageNotYetVisible, message).retry_after(NOT_YET_RETRY_AFTER)
}

impl From<message::Rejection> for Problem {
    fn from(rejection: message::Rejection) -> Self {
        let code = match rejection {
            message::Rejection::Unknown => return MessageId::not_found(),
            message::Rejection::AlreadyExists => Code::MessageAlreadyExists,
            message::Rejection::NotADeadLetter => Code::DeadLetterSettled,
            message::Rejection::NotWaiting
            | message::Rejection::StaleAttempt
            | message::Rejection::NotInDoubt
            | message::Rejection::Inbound => Code::MessageWrongState,
        };
        Self::new(code, rejection.to_string())
    }
}

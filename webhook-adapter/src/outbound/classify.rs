//! What an answer to a send proves.
//!
//! ```text
//! 201                                        Sent       WAHA handed it to WhatsApp
//! no connection                              Refused    nothing was written
//! 4xx, 501                                   Refused    WAHA says so before it gives the text to the engine
//! 500 with WhatsApp's own "error 463"        Refused    WhatsApp's server would not take it
//! 5xx, no answer, a broken connection        Unknown    the engine may have had it
//! anything else (1xx to 3xx, 408)            Unknown    not WAHA's answer to a send
//! ```
//!
//! Invariant: pure, total, and never more certain than the proof. A false `Refused` sends twice; a false
//! `Unknown` only waits for evidence.

use domain::message::refusal::{Refusal, RefusalKind};
use domain::ports::waha::{Fault, SendOutcome};
use domain::session::status::SessionStatus;
use domain::whatsapp::WahaMessageId;
use serde_json::Value;

use super::exchange::Answer;
use super::explanation::{describe, is_of_missing_session};
use crate::{message_id, session_status};

/// What became of the send that was answered like this.
pub(super) fn classify(answer: &Answer) -> SendOutcome {
    match answer {
        Answer::Status { status: 201, body } => {
            SendOutcome::Sent { waha_message_id: sent_id(body) }
        }
        Answer::Status { status, body } => match refusal_kind(*status, body) {
            Some(kind) => {
                refused(kind, describe(*status, body), session_status_told(*status, body))
            }
            None => unknown(describe(*status, body), fault(*status, body)),
        },
        Answer::NotConnected(cause) => {
            refused(RefusalKind::Unreachable, format!("no connection to WAHA: {cause}"), None)
        }
        Answer::TimedOut => unknown("WAHA did not answer in time".to_owned(), Fault::Either),
        Answer::Broken(cause) => {
            unknown(format!("the connection broke before WAHA answered: {cause}"), Fault::Server)
        }
    }
}

/// Whose failure an answer is that proves nothing: WAHA words its engines' failures as an `exception`, with 500;
/// whatever else is 5xx comes from WAHA itself, or from a proxy before it.
fn fault(status: u16, body: &[u8]) -> Fault {
    match status {
        500 if json(body)["exception"].is_object() => Fault::Session,
        500.. => Fault::Server,
        _ => Fault::Either,
    }
}

/// The refusal a status stands for; none if it does not prove that nothing was sent.
fn refusal_kind(status: u16, body: &[u8]) -> Option<RefusalKind> {
    match status {
        401 | 403 => Some(RefusalKind::Unauthorized),
        404 => Some(RefusalKind::NotFound),
        // A proxy may mean that it waited for WAHA in vain.
        408 => None,
        422 => Some(unprocessable(&json(body))),
        429 => Some(RefusalKind::RateLimited),
        400..=499 => Some(RefusalKind::Invalid),
        500 if is_reach_out_lock(&json(body)) => Some(RefusalKind::ReachOutLocked),
        501 => Some(RefusalKind::NotSupported),
        _ => None,
    }
}

/// WAHA has three kinds of 422. A session in the wrong status is told with its `status`; one that is missing
/// with an `error` that says so; what cannot be done however often it is asked with a `message` (a second
/// session in an old WAHA Core). What cannot be read is the first, which is the common one.
fn unprocessable(body: &Value) -> RefusalKind {
    if body["status"].is_string() {
        RefusalKind::SessionNotWorking
    } else if is_of_missing_session(body) {
        RefusalKind::NotFound
    } else if body["message"].is_null() {
        RefusalKind::SessionNotWorking
    } else {
        RefusalKind::Invalid
    }
}

/// `{"exception":{"message":"2 UNKNOWN: server returned error 463"}}`: the engine passes on what WhatsApp's server
/// answered, and has no other code for it (#2050). The session may write to those who wrote to it, and to nobody
/// new for a while.
fn is_reach_out_lock(body: &Value) -> bool {
    let words = body["exception"]["message"].as_str().unwrap_or_default();
    words.split("server returned error ").skip(1).any(|rest| {
        rest.strip_prefix("463").is_some_and(|end| !end.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn session_status_told(status: u16, body: &[u8]) -> Option<SessionStatus> {
    (status == 422).then(|| session_status::read(&json(body)["status"])).flatten()
}

/// The id in WAHA's answer, which is the engine's own on purpose (#760): NOWEB puts it into `key`, GOWS and
/// WEBJS into `id`. WEBJS once answered nothing at all (#1083).
fn sent_id(body: &[u8]) -> Option<WahaMessageId> {
    let body = json(body);
    message_id::find(&body["key"]["id"]).or_else(|| message_id::find(&body["id"]))
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

fn unknown(detail: String, fault: Fault) -> SendOutcome {
    SendOutcome::Unknown { detail, fault }
}

fn refused(
    kind: RefusalKind,
    detail: String,
    session_status: Option<SessionStatus>,
) -> SendOutcome {
    SendOutcome::Refused { refusal: Refusal { kind, detail }, session_status }
}

#[cfg(test)]
mod tests;

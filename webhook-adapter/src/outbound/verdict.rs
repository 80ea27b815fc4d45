//! What an answer about a session means.

use domain::ports::waha::GatewayError;
use serde_json::Value;

use super::exchange::Answer;
use super::explanation::describe;

/// The body of a success, or why there is none. A key that is not accepted would not be accepted again
/// either: a person has to see it.
pub(super) fn body(answer: Answer) -> Result<Vec<u8>, GatewayError> {
    let (status, body) = match answer {
        Answer::Status { status: 200..=299, body } => return Ok(body),
        Answer::Status { status, body } => (status, body),
        Answer::NotConnected(cause) | Answer::Broken(cause) => {
            return Err(GatewayError::Unavailable(cause));
        }
        Answer::TimedOut => {
            return Err(GatewayError::Unavailable("no answer in time".to_owned()));
        }
    };
    let words = describe(status, &body);
    Err(match status {
        404 => GatewayError::NotFound,
        422 => GatewayError::WrongState(words),
        501 => GatewayError::Refused(words),
        408 | 429 | 500.. => GatewayError::Unavailable(words),
        _ => GatewayError::Refused(words),
    })
}

/// The JSON in the body; nothing if there is none (WAHA answers some calls with an empty body).
pub(super) fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

//! What an answer about a session means.

use domain::ports::waha::GatewayError;
use serde_json::Value;

use super::exchange::Answer;
use super::explanation::{describe, is_of_missing_session};

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
        422 if is_of_missing_session(&json(&body)) => GatewayError::NotFound,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Result<Vec<u8>, GatewayError> {
        body(Answer::Status { status, body: br#"{"message":"words"}"#.to_vec() })
    }

    #[test]
    fn a_success_has_a_body_and_everything_else_a_reason() {
        for status in [200, 201, 204] {
            assert!(answered(status).is_ok(), "{status}");
        }
        assert!(matches!(answered(404), Err(GatewayError::NotFound)));
        assert!(matches!(answered(422), Err(GatewayError::WrongState(_))));
        for status in [302, 400, 401, 403, 405, 501] {
            assert!(matches!(answered(status), Err(GatewayError::Refused(_))), "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            let Err(GatewayError::Unavailable(reason)) = answered(status) else {
                panic!("{status}")
            };
            assert_eq!(reason, format!("WAHA answered {status}: words"));
        }
        let cause = || "Connection refused".to_owned();
        for answer in [Answer::NotConnected(cause()), Answer::Broken(cause()), Answer::TimedOut] {
            assert!(matches!(body(answer), Err(GatewayError::Unavailable(_))));
        }
    }
}

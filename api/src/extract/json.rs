//! A JSON object as the body of a request.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use super::{Fields, FromFields, strict};
use crate::problem::{Code, Problem};

/// The body, read.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: FromFields, S: Sync + Send> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let message = "the body must be declared as Content-Type: application/json";
            return Err(Problem::new(Code::ValidUnsupportedMediaType, message));
        }
        let body = Bytes::from_request(request, state).await.map_err(|error| unread(&error))?;
        Fields::read(object(&body)?).map(Self)
    }
}

/// The problem with a body that could not be received.
pub fn unread(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Code::ValidBodyTooLarge, "the body is larger than the limit")
    } else {
        Problem::new(Code::ValidMalformedRequest, "the body could not be received whole")
    }
}

/// `application/json`, or something built on it such as `application/vnd.api+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let malformed = |message: String| Problem::new(Code::ValidMalformedJson, message);
    let text = str::from_utf8(body).map_err(|error| {
        malformed(format!("the body is not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    match strict::read(text)? {
        Value::Object(object) => Ok(object),
        _ => Err(malformed("the body must be a JSON object".to_owned())),
    }
}

//! The body of a request, as Express reads it.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use serde_json::Value;

use crate::nest::refusal::Refusal;

/// The body of a request; an empty object unless the request says it is JSON.
#[derive(Debug)]
pub(crate) struct Body(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Refusal::BadRequest(rejection.body_text()))?;
        parse(&headers, &bytes).map(Self)
    }
}

/// Reads a body.
pub(crate) fn parse(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if bytes.is_empty() || !content_type.is_some_and(|name| name.starts_with("application/json")) {
        return Ok(Value::Object(serde_json::Map::default()));
    }
    serde_json::from_slice(bytes).map_err(|_| Refusal::BadRequest(complaint(bytes)))
}

/// What V8 says about bad JSON: the position where a name should begin, else the first sight.
fn complaint(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let after_brace = text.trim_start().strip_prefix('{').map(str::trim_start);
    match after_brace {
        Some(rest) if !rest.starts_with(['"', '}']) => {
            let position = text.len() - rest.len();
            format!("Expected property name or '}}' in JSON at position {position}")
        }
        _ => format!("Unexpected token in \"{text}\" is not valid JSON"),
    }
}

/// A text field of a body.
pub(crate) fn text(body: &Value, field: &str) -> Option<String> {
    body.get(field).and_then(Value::as_str).map(str::to_owned)
}

//! How a problem is written.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Code, Detail, Problem};

/// The usual form.
#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    errors: Vec<&'a Detail>,
    #[serde(rename = "requestId")]
    request_id: &'a str,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

/// RFC 9457.
#[derive(Serialize)]
struct ProblemDetails<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: Code,
    errors: Vec<&'a Detail>,
    #[serde(rename = "requestId")]
    request_id: &'a str,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

/// As the envelope all answers share.
pub fn envelope(problem: &Problem, request_id: &str) -> Response {
    let (errors, members) = (problem.details().collect(), &problem.0.members);
    Json(Envelope { success: false, errors, request_id, members }).into_response()
}

/// As RFC 9457 has it, with our codes as an extension.
pub fn rfc9457(problem: &Problem, request_id: &str) -> Response {
    let status = problem.code().status();
    let body = Json(ProblemDetails {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: detail(&problem.0.first),
        code: problem.code(),
        errors: problem.details().collect(),
        request_id,
        members: &problem.0.members,
    });
    let content_type = HeaderValue::from_static("application/problem+json");
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// One sentence, field first.
fn detail(first: &Detail) -> String {
    match &first.field {
        Some(field) => format!("{field} {}", first.message),
        None => first.message.clone().into_owned(),
    }
}

//! Answers as Nest on Express gives them.

pub(crate) mod body;
pub(crate) mod failure;
pub(crate) mod refusal;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, JSON)], bytes).into_response()
}

/// A 200 with JSON.
pub(crate) fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// A 201 with JSON, which is what every POST answers.
pub(crate) fn created(body: &impl Serialize) -> Response {
    json(StatusCode::CREATED, body)
}

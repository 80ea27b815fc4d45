//! The ways WAHA says no.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{engine::Engine, nest, session::SessionStatus};

/// A refusal, worded as WAHA words it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// The key is missing or wrong.
    Unauthorized,
    /// No session of that name, where sessions are administered.
    SessionNotFound,
    /// No such thing.
    NotFound(String),
    /// The request cannot be read.
    BadRequest(String),
    /// The request can be read, but its fields are wrong.
    Invalid(Vec<String>),
    /// The request is understood, and not possible now.
    Unprocessable(String),
    /// No session of that name, where sessions are used. Has no `message` and no `statusCode`.
    NoSession { session: String },
    /// The session is not in the status the call needs. Neither has this.
    WrongStatus { session: String, status: SessionStatus, wanted: SessionStatus },
    /// The engine cannot do this.
    NotImplemented(Engine),
    /// The engine threw; the body is made by `nest::failure`.
    Failure(Value),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::SessionNotFound | Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) | Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unprocessable(_) | Self::NoSession { .. } | Self::WrongStatus { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Failure(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn body(&self) -> Value {
        let status = self.status();
        let worded = |message: Value| {
            json!({
                "message": message,
                "error": status.canonical_reason(),
                "statusCode": status.as_u16(),
            })
        };
        match self {
            Self::Unauthorized => json!({ "message": "Unauthorized", "statusCode": 401 }),
            Self::SessionNotFound => worded("Session not found".into()),
            Self::NotFound(message) | Self::BadRequest(message) | Self::Unprocessable(message) => {
                worded(message.as_str().into())
            }
            Self::Invalid(messages) => worded(messages.as_slice().into()),
            Self::NoSession { session } => {
                let error = format!("Session \"{session}\" does not exist");
                json!({ "error": error, "session": session })
            }
            Self::WrongStatus { session, status, wanted } => json!({
                "error": "Session status is not as expected. \
                          Try again later or restart the session",
                "session": session,
                "status": status,
                "expected": [wanted],
            }),
            Self::NotImplemented(engine) => worded(
                format!("The method is not implemented by '{}' engine.", engine.name()).into(),
            ),
            Self::Failure(body) => body.clone(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        nest::json(self.status(), &self.body())
    }
}

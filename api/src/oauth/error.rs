//! Errors as RFC 6749 has them: section 5.2.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use commands::oauth::clients::ClientError;
use domain::ports::event_log::LogError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// What is wrong, in OAuth2's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// It cannot be read, or lacks something.
    InvalidRequest,
    /// It does not show which client it is.
    InvalidClient,
    /// The code or token is not good, or not this client's.
    InvalidGrant,
    /// The client is not registered for this.
    UnauthorizedClient,
    /// There is no such grant.
    UnsupportedGrantType,
    /// There is no such answer.
    UnsupportedResponseType,
    /// Such tokens cannot be given back.
    UnsupportedTokenType,
    /// There is no such scope, or the client may not ask for it.
    InvalidScope,
    /// The user, or who runs the installation, does not allow it.
    AccessDenied,
}

impl ErrorCode {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
        }
    }
}

/// Why a client is given nothing.
#[derive(Debug)]
pub enum OAuthError {
    /// In OAuth2's words.
    Refused {
        /// Which word.
        code: ErrorCode,
        /// In other words.
        description: Cow<'static, str>,
        /// Whether the client showed who it is by HTTP Basic, and is told so.
        by_basic: bool,
    },
    /// A failure of ours, or too many requests: said as everywhere.
    Problem(Problem),
}

impl OAuthError {
    /// In OAuth2's words.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused { code, description: description.into(), by_basic: false }
    }
}

/// What is wrong, as RFC 6749 has it.
#[derive(Serialize, ToSchema)]
pub(super) struct Written<'a> {
    /// The word.
    #[schema(value_type = String, examples("invalid_client"))]
    error: &'static str,
    /// In other words.
    #[schema(value_type = String, examples("Client authentication failed"))]
    error_description: &'a str,
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (code, description, by_basic) = match self {
            Self::Refused { code, description, by_basic } => (code, description, by_basic),
            Self::Problem(problem) if !problem.code().status().is_client_error() => {
                return problem.into_response();
            }
            Self::Problem(problem) if problem.code().status() == StatusCode::TOO_MANY_REQUESTS => {
                return problem.into_response();
            }
            // A suspended tenant, a blocked address.
            Self::Problem(problem) => {
                let told = problem.details().next().map(|detail| detail.message.clone());
                (ErrorCode::AccessDenied, told.unwrap_or_default(), false)
            }
        };
        let status = match code {
            ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
            ErrorCode::AccessDenied => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = Json(Written { error: code.as_str(), error_description: &description });
        let mut response = (status, body).into_response();
        if by_basic {
            let basic = HeaderValue::from_static("Basic realm=\"heliograph\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}

impl<E: Into<Problem>> From<E> for OAuthError {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Command(error) => error.into(),
            ClientError::Log(error) => LogError::into(error),
            ClientError::Database(error) => error.into(),
        }
    }
}

//! A body of `application/x-www-form-urlencoded`, as OAuth2 has it: what has no value counts as not there, what is
//! there twice is an error, what is not known is passed over (RFC 6749, section 3.1).

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use http::header;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::error::{ErrorCode, OAuthError};
use crate::extract::query::pairs;

/// Longer than any that is meant.
const BYTES_MAX: usize = 16 * 1024;

/// The named values of a form, or of a query string.
pub struct Form(Map<String, Value>);

impl Form {
    pub(super) fn parse(text: &str) -> Result<Self, OAuthError> {
        let pairs = pairs(text).map_err(|problem| {
            let what = problem.details().next();
            let field = what.and_then(|detail| detail.field.clone()).unwrap_or_default();
            let message = what.map(|detail| detail.message.clone()).unwrap_or_default();
            OAuthError::new(ErrorCode::InvalidRequest, format!("{field} {message}"))
        });
        pairs.map(Self)
    }

    /// A value, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A value that must be there.
    pub(super) fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| {
            OAuthError::new(ErrorCode::InvalidRequest, format!("{name} is required"))
        })
    }

    /// A value that nobody else should see.
    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = OAuthError;

    async fn from_request(request: Request, _: &S) -> Result<Self, OAuthError> {
        let invalid = |what: &'static str| OAuthError::new(ErrorCode::InvalidRequest, what);
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(invalid("the body must be application/x-www-form-urlencoded"));
        }
        let body = to_bytes(request.into_body(), BYTES_MAX).await;
        let body = body.map_err(|_| invalid("the body is too long, or was cut short"))?;
        let text = str::from_utf8(&body).map_err(|_| invalid("the body is not UTF-8"))?;
        Self::parse(text)
    }
}

//! What is answered when a request cannot be.
//!
//! A handler says what is wrong; how it is written (envelope or RFC 9457), under which request id, and the one
//! log line about its cause are made in [`crate::answer`], once for all.

mod causes;
pub mod code;
mod shape;

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value};

pub use code::Code;
pub use shape::{envelope, rfc9457};

/// When a client may try again, if nothing better is known.
pub const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Why a request is refused. Boxed: it is passed on by every handler, and hardly ever there.
#[derive(Debug, Clone)]
pub struct Problem(Box<Refusal>);

#[derive(Debug, Clone)]
struct Refusal {
    /// The first decides the status; there is always one.
    first: Detail,
    more: Vec<Detail>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What is told besides, by name.
    members: Map<String, Value>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Which kind.
    pub code: Code,
    /// In words.
    pub message: Cow<'static, str>,
    /// Where in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The rule that is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<&'static str>,
}

impl Detail {
    /// Something wrong with the request as a whole.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: None, constraint: None }
    }

    /// Where in the request.
    #[must_use]
    pub fn on(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// By which rule.
    #[must_use]
    pub fn by(mut self, constraint: &'static str) -> Self {
        self.constraint = Some(constraint);
        self
    }
}

impl From<Detail> for Problem {
    fn from(first: Detail) -> Self {
        let (more, headers, members) = (Vec::new(), Vec::new(), Map::new());
        Self(Box::new(Refusal { first, more, headers, members, cause: None }))
    }
}

impl Problem {
    /// One thing that is wrong.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Detail::new(code, message).into()
    }

    /// Everything that is wrong, if anything is.
    pub fn all(details: Vec<Detail>) -> Option<Self> {
        let mut details = details.into_iter();
        let mut problem = Self::from(details.next()?);
        problem.0.more = details.collect();
        Some(problem)
    }

    /// A failure of ours; what it was is for the log alone.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let message = "something went wrong here; the request id finds it in the log";
        Self::new(Code::SysInternalError, message).caused_by(cause)
    }

    /// Something we need is away, for a while.
    pub fn unavailable(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code, message).retry_after(RETRY_AFTER)
    }

    /// What it was, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(Arc::from(cause.into()));
        self
    }

    /// When it may be tried again.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// A header that goes with it.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Something told besides, under a name of its own (RFC 9457, section 3.2).
    #[must_use]
    pub fn with_member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Its kind.
    pub fn code(&self) -> Code {
        self.0.first.code
    }

    /// What is told in headers.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// Everything that is wrong.
    pub fn details(&self) -> impl Iterator<Item = &Detail> {
        std::iter::once(&self.0.first).chain(&self.0.more)
    }

    /// What is behind it, outermost first, for the log.
    pub fn causes(&self) -> Option<String> {
        self.0.cause.as_deref().map(|cause| domain::causes::in_one_line(cause))
    }
}

impl IntoResponse for Problem {
    /// Without a body: that is written by [`crate::answer`], which knows what the client accepts.
    fn into_response(mut self) -> Response {
        let mut response = self.code().status().into_response();
        response.headers_mut().extend(std::mem::take(&mut self.0.headers));
        response.extensions_mut().insert(self);
        response
    }
}

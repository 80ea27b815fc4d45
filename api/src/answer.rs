//! What happens to every answer, whoever gives it: it gets the request's id and the security headers, a problem
//! is written in the form the client accepts, and there is one log line and one measurement of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tracing::Instrument;
use uuid::Uuid;
use webhook_adapter::outbound::trace;

use crate::accept;
use crate::problem::{Code, Problem, envelope, rfc9457};
use crate::request_id::{self, RequestId};
use crate::trace::Trace;

/// The prefix every route is served under beside the root; left out where routes are counted.
pub const PREFIX: &str = "/api/v1";

/// On every answer that does not say otherwise.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// Makes the ids of requests that come without one.
pub type MakeId = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// The outermost middleware.
pub async fn finish(State(make_id): State<MakeId>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers(), &*make_id);
    request.extensions_mut().insert(id.clone());
    let wants_rfc9457 = accept::names(request.headers(), "application/problem+json");
    let asked = Asked::of(&request);

    let trace = Trace::of(request.headers());
    let trace_id = trace.as_ref().map(Trace::id);
    let span = tracing::info_span!("request", request_id = %id, trace_id);
    let answer = next.run(request).instrument(span);
    let response = match trace.as_ref().and_then(|trace| trace.onwards(make_id())) {
        Some(traceparent) => trace::within(traceparent, answer).await,
        None => answer.await,
    };

    asked.record(&response, &id, trace_id);
    let mut response = written(response, &id, wants_rfc9457);
    add_headers(response.headers_mut(), &id);
    response
}

/// What was asked, as far as logs and metrics tell it: the route and not the path, which may hold a phone number.
struct Asked {
    method: &'static str,
    route: String,
    since: Instant,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let route = matched.map_or("unmatched", |path| path.strip_prefix(PREFIX).unwrap_or(path));
        Self { method: known(request.method()), route: route.to_owned(), since: Instant::now() }
    }

    fn record(self, response: &Response, id: &RequestId, trace_id: Option<&str>) {
        let latency = self.since.elapsed();
        self.count(response.status(), latency);
        self.log(response, latency, id, trace_id);
    }

    fn count(&self, status: StatusCode, latency: Duration) {
        let labels = [
            ("method", self.method.to_owned()),
            ("route", self.route.clone()),
            ("status", status.as_str().to_owned()),
        ];
        metrics::counter!("heliograph_http_requests_total", &labels).increment(1);
        metrics::histogram!("heliograph_http_request_duration_seconds", &labels)
            .record(latency.as_secs_f64());
    }

    fn log(&self, response: &Response, latency: Duration, id: &RequestId, trace_id: Option<&str>) {
        let Self { method, route, .. } = self;
        let status = response.status().as_u16();
        let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        let problem = response.extensions().get::<Problem>();
        let code = problem.map(|problem| problem.code().as_str());
        if let Some(error) = problem.and_then(Problem::causes) {
            tracing::error!(
                method, route, status, latency_ms, code, error, request_id = %id, trace_id,
                "{method} {route} answered {status}: {error}"
            );
        } else {
            tracing::info!(
                method, route, status, latency_ms, code, request_id = %id, trace_id,
                "{method} {route} answered {status}"
            );
        }
    }
}

/// The method, if it is one of the usual: clients may make up others, and each would be a series of its own.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// The answer with its problem, if it is one, written out. The problem stays with it, to be told of in the log.
pub(crate) fn written(response: Response, id: &RequestId, wants_rfc9457: bool) -> Response {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let write = if wants_rfc9457 { rfc9457 } else { envelope };
    let (mut parts, _) = response.into_parts();
    let (body_parts, body) = write(&problem, id.as_str()).into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(body_parts.headers);
    if let Some(challenge) = challenge(problem.code()) {
        parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    Response::from_parts(parts, body)
}

/// How to authenticate (RFC 6750, section 3).
fn challenge(code: Code) -> Option<&'static str> {
    match code {
        Code::AuthTokenInvalid
        | Code::AuthTokenExpired
        | Code::AuthSessionRevoked
        | Code::AuthApiKeyInvalid
        | Code::AuthApiKeyExpired
        | Code::AuthApiKeyRevoked => Some("Bearer realm=\"heliograph\", error=\"invalid_token\""),
        code if code.status() == StatusCode::UNAUTHORIZED => Some("Bearer realm=\"heliograph\""),
        _ => None,
    }
}

fn add_headers(headers: &mut HeaderMap, id: &RequestId) {
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(value);
    }
    if let Some(id) = id.to_header() {
        headers.insert(request_id::HEADER, id);
    }
}

#[cfg(test)]
mod tests;

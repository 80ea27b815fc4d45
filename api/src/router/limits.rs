//! Keeps a request from harming others: it is of a sane size, a panic ends it alone, and it ends in time.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tokio::time::timeout;

use crate::problem::{Code, Problem};

/// How long a request may take: more than the longest wait for WAHA, less than what proxies usually bear.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// Longest path and query: the longest of ours, with every name and its longest text, is half of that.
const URI_BYTES_MAX: usize = 8 * 1024;
/// Most header fields, and how large all of them may be. A token, a trace and what proxies add are far below.
const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// The middleware that refuses what is too large to be meant. (What is beyond hyper's own bounds, a hundred fields and some
/// 400 KB, is refused by it with the same statuses and without a body.)
pub(super) async fn admit(request: Request, next: Next) -> Response {
    let uri_bytes = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    let headers = request.headers();
    let header_bytes: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if uri_bytes > URI_BYTES_MAX {
        let message = format!("path and query are more than {URI_BYTES_MAX} bytes");
        return Problem::new(Code::ValidUriTooLong, message).into_response();
    }
    if headers.len() > HEADERS_MAX || header_bytes > HEADER_BYTES_MAX {
        let message =
            format!("the headers are more than {HEADERS_MAX}, or {HEADER_BYTES_MAX} bytes");
        return Problem::new(Code::ValidHeadersTooLarge, message).into_response();
    }
    next.run(request).await
}

/// The middleware that bounds what a request can do.
pub(super) async fn contain(request: Request, next: Next) -> Response {
    contain_within(REQUEST_TIME_MAX, request, next).await
}

async fn contain_within(time_max: Duration, request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match timeout(time_max, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => Problem::internal(message(&*panic)).into_response(),
        Err(_) => {
            let message = "the request took too long; try again in a moment";
            Problem::unavailable(Code::SysTimeout, message).into_response()
        }
    }
}

/// What the panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a word"))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    #[expect(clippy::panic, reason = "that is the test")]
    async fn panic_now() {
        panic!("out of luck")
    }

    async fn asked(path: &str) -> Response {
        let time_max = Duration::from_millis(20);
        let router = Router::new()
            .route("/panic", get(panic_now))
            .route("/hang", get(std::future::pending::<()>))
            .layer(from_fn(move |request, next| contain_within(time_max, request, next)));
        router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let response = asked("/panic").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let problem = response.extensions().get::<Problem>().unwrap();
        assert_eq!(problem.causes().unwrap(), "panicked: out of luck");
    }

    #[tokio::test]
    async fn a_request_that_hangs_is_answered_in_time() {
        assert_eq!(asked("/hang").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}

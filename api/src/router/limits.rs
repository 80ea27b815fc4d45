//! Keeps a request from harming others: a panic ends it alone, and it ends in time.

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

/// The middleware.
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

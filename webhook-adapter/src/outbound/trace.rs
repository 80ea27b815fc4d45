//! The trace in which WAHA is called, where a client's request is the reason (W3C Trace Context).

use http::{HeaderName, HeaderValue};
use reqwest::RequestBuilder;
use tokio::task_local;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

task_local! {
    static CURRENT: HeaderValue;
}

/// Does this work; WAHA is told of the trace in every call made within.
pub async fn within<F: Future>(traceparent: HeaderValue, work: F) -> F::Output {
    CURRENT.scope(traceparent, work).await
}

/// The request with the trace it is made in, if it is made in one.
pub(super) fn traced(request: RequestBuilder) -> RequestBuilder {
    match CURRENT.try_with(HeaderValue::clone) {
        Ok(traceparent) => request.header(TRACEPARENT, traceparent),
        Err(_) => request,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::Client;

    use super::*;

    fn told() -> Option<HeaderValue> {
        let client = Client::builder().timeout(Duration::from_secs(1)).build().unwrap();
        let request = traced(client.get("http://waha.test")).build().unwrap();
        request.headers().get(TRACEPARENT).cloned()
    }

    #[tokio::test]
    async fn a_call_within_a_trace_tells_of_it_and_another_of_none() {
        let traceparent = HeaderValue::from_static("00-ab-cd-01");
        assert_eq!(within(traceparent.clone(), async { told() }).await, Some(traceparent));
        assert_eq!(told(), None);
    }
}

//! One request and what came back of it.

use reqwest::{RequestBuilder, Response};

use super::explanation::CHARACTERS_MAX;

/// Longest answer read, in bytes: a list of some ten thousand sessions. What is beyond is not read.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What is known of a request after it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// WAHA, or something before it, answered.
    Status {
        /// The HTTP status.
        status: u16,
        /// The body, as far as it could be read: the status alone already proves what it proves.
        body: Vec<u8>,
    },
    /// No connection was made: refused, no such host, TLS failed, or too slow to connect. Nothing was written.
    NotConnected(String),
    /// No answer in time, on a connection that was made.
    TimedOut,
    /// The connection broke before an answer.
    Broken(String),
}

/// Makes the request, once.
pub(super) async fn exchange(request: RequestBuilder) -> Answer {
    match request.send().await {
        Ok(response) => {
            let status = response.status().as_u16();
            Answer::Status { status, body: body(response).await }
        }
        // The one proof the HTTP client gives that nothing was written; asked first, as connecting too
        // slowly is a timeout too.
        Err(error) if error.is_connect() => Answer::NotConnected(causes(error)),
        Err(error) if error.is_timeout() => Answer::TimedOut,
        Err(error) => Answer::Broken(causes(error)),
    }
}

async fn body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ANSWER_BYTES_MAX.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() == ANSWER_BYTES_MAX {
            break;
        }
    }
    body
}

/// What went wrong, from the outermost cause in, without the URL (it may hold a password).
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    let mut causes = Vec::new();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes.join(": ").chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect()
}

//! An answer as it is kept, and which answers are.

use axum::body::{Body, Bytes, to_bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::read_your_write::EVENT_POSITION;

/// On an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Headers that are kept; all others are made for each answer.
const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, EVENT_POSITION];
/// Largest body that is kept: far more than any answer to a command has.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// What becomes of the record of a request, by its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was decided: whoever asks again is told the same.
    Kept,
    /// It was turned away before anything was done, and may be put right under the same key.
    Forgotten,
    /// Something may have been done: it is to be asked again, and then done as the same request.
    Open,
}

impl Fate {
    pub(super) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND
            | StatusCode::CONFLICT
            | StatusCode::GONE
            | StatusCode::UNPROCESSABLE_ENTITY => Self::Kept,
            status if status.is_success() => Self::Kept,
            status if status.is_client_error() => Self::Forgotten,
            _ => Self::Open,
        }
    }
}

/// What stands before the body, in one line of JSON.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// The answer as it is kept, and the answer to be given; none if it is too large to be kept.
pub(super) async fn write(response: Response) -> (Option<Vec<u8>>, Response) {
    let (parts, body) = response.into_parts();
    // An answer of ours is whole: it neither streams nor breaks off.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let head = Head { status: parts.status.as_u16(), headers: kept_headers(&parts.headers) };
    let head = serde_json::to_vec(&head).ok().filter(|_| body.len() <= BODY_BYTES_MAX);
    let answer = head.map(|head| [&head[..], b"\n", &body].concat());
    (answer, Response::from_parts(parts, Body::from(body)))
}

/// The answer, given again.
pub(super) fn read(answer: &[u8]) -> Result<Response, Problem> {
    let broken = || Problem::internal("an answer that was kept cannot be read");
    let end = answer.iter().position(|byte| *byte == b'\n').ok_or_else(broken)?;
    let head: Head = serde_json::from_slice(&answer[..end]).map_err(Problem::internal)?;
    let status = StatusCode::from_u16(head.status).map_err(Problem::internal)?;
    let mut response = (status, Bytes::copy_from_slice(&answer[end + 1..])).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in head.headers {
        let name = HeaderName::try_from(name).map_err(Problem::internal)?;
        headers.insert(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::to_owned);
    HEADERS.iter().filter_map(|name| Some((name.to_string(), text(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_given_again_as_it_was() {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::LOCATION, "/messages/1"),
            (EVENT_POSITION, "1-2"),
            (header::SERVER, "of no concern"),
        ];
        let first = (StatusCode::ACCEPTED, headers, "{\n}").into_response();
        let (answer, given) = write(first).await;
        let again = read(&answer.unwrap()).unwrap();
        assert_eq!((given.status(), again.status()), (StatusCode::ACCEPTED, StatusCode::ACCEPTED));
        for name in &HEADERS {
            assert_eq!(again.headers().get(name), given.headers().get(name), "{name}");
        }
        assert!(again.headers().get(header::SERVER).is_none());
        assert_eq!(again.headers()[REPLAYED], "true");
        assert_eq!(to_bytes(again.into_body(), usize::MAX).await.unwrap(), "{\n}");
    }

    #[tokio::test]
    async fn an_answer_without_a_body_has_none_again() {
        let (answer, _) = write(StatusCode::NO_CONTENT.into_response()).await;
        let again = read(&answer.unwrap()).unwrap();
        assert_eq!(again.status(), StatusCode::NO_CONTENT);
        assert!(again.headers().get(header::CONTENT_TYPE).is_none());
    }

    #[tokio::test]
    async fn a_huge_answer_is_given_and_not_kept() {
        let (answer, given) = write("x".repeat(BODY_BYTES_MAX + 1).into_response()).await;
        assert!(answer.is_none());
        let body = to_bytes(given.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body.len(), BODY_BYTES_MAX + 1);
    }

    #[test]
    fn what_the_client_must_be_able_to_ask_again_is_not_kept() {
        let fate = |status| Fate::of(StatusCode::from_u16(status).unwrap());
        for status in [200, 201, 202, 204, 404, 409, 410, 422] {
            assert_eq!(fate(status), Fate::Kept, "{status}");
        }
        for status in [400, 401, 403, 413, 415, 429] {
            assert_eq!(fate(status), Fate::Forgotten, "{status}");
        }
        for status in [500, 502, 503, 504] {
            assert_eq!(fate(status), Fate::Open, "{status}");
        }
    }
}

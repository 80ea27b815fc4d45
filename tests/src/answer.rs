//! What the engine answers.

use std::fmt;

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::clock;

/// An answer, read to its end.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The body as JSON; null if it is none.
    pub body: Value,
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.status, String::from_utf8_lossy(&self.bytes))
    }
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("the answer breaks off").to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { status, headers, bytes, body }
    }

    /// The answer itself, if it has this status.
    #[expect(clippy::return_self_not_must_use, reason = "the assertion alone is a use")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// What a success tells.
    pub fn data(&self) -> &Value {
        assert_eq!(self.body["success"], true, "{}", self.body);
        &self.body["data"]
    }

    /// A text out of `data`.
    pub fn text(&self, name: &str) -> String {
        let text = self.data()[name].as_str();
        text.unwrap_or_else(|| panic!("no text {name} in {}", self.body)).to_owned()
    }

    /// The entries of a list.
    pub fn rows(&self) -> &[Value] {
        self.data().as_array().unwrap_or_else(|| panic!("no list: {}", self.body))
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The codes of everything that is wrong.
    pub fn codes(&self) -> Vec<&str> {
        self.errors().iter().filter_map(|error| error["code"].as_str()).collect()
    }

    /// The fields at fault.
    pub fn fields(&self) -> Vec<&str> {
        self.errors().iter().filter_map(|error| error["field"].as_str()).collect()
    }

    fn errors(&self) -> &[Value] {
        self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// Holds the answer to what is told to who asks too often: how often they may, and when to go on.
    pub fn assert_is_limited(&self, limit: u32, window_seconds: i64) {
        self.assert_is_problem();
        assert_eq!((self.status, self.codes()), (429, vec!["RATE_LIMIT_EXCEEDED"]));
        let number = |name: &str| self.header(name).and_then(|text| text.parse::<i64>().ok());
        let wait = number("retry-after");
        assert!(wait.is_some_and(|wait| (1..=window_seconds).contains(&wait)), "{self:?}");
        assert_eq!(number("x-ratelimit-limit"), Some(limit.into()));
        assert_eq!(number("x-ratelimit-remaining"), Some(0));
        let reset = number("x-ratelimit-reset").unwrap_or_default() - clock::now().timestamp();
        assert!((0..=window_seconds + 1).contains(&reset), "{self:?}");
    }

    /// Holds the answer to the contract of refusals: the envelope, and the request's id in body and header.
    pub fn assert_is_problem(&self) {
        let shown = String::from_utf8_lossy(&self.bytes);
        assert!((400..500).contains(&self.status) || self.status == 503, "{} {shown}", self.status);
        assert_eq!(self.body["success"], false, "{shown}");
        assert!(!self.codes().is_empty(), "{shown}");
        for error in self.errors() {
            assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{shown}");
        }
        let id = self.body["requestId"].as_str();
        assert!(
            id.is_some_and(|id| !id.is_empty()) && id == self.header("x-request-id"),
            "{shown}"
        );
    }
}

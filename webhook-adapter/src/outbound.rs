//! WAHA's HTTP interface.
//!
//! ```text
//! fleet: the client of the server the session is on
//! port method -> request -> exchange::Answer -> classify         -> SendOutcome     (messages)
//!                                            -> verdict          -> GatewayError    (sessions, chats)
//! ```
//!
//! Invariant: one call is one request. Nothing here repeats one, follows a redirection or guesses: whether a
//! message was sent is decided by proof alone, in `classify`, and whether to try again is not decided here.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::Ambient;
use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::{Client, RequestBuilder, Url, redirect, retry};
use secrecy::{ExposeSecret, SecretString};

mod chats;
mod classify;
mod exchange;
mod explanation;
pub mod fleet;
mod messages;
mod missed;
mod session_config;
mod sessions;
pub mod trace;
mod verdict;

/// WAHA holds a request for up to 15 s before it answers 422 for a session that is not working (5 s for it to
/// run, 10 s for its status). A shorter timeout turns that clean refusal into an unknown outcome.
pub const REQUEST_TIMEOUT_MIN: Duration = Duration::from_secs(16);

/// Leaves an engine half a minute for its own work on top of WAHA's waits.
pub const REQUEST_TIMEOUT_DEFAULT: Duration = Duration::from_secs(45);

/// WAHA is near: a connection takes milliseconds or is not to be had.
pub const CONNECT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

/// Node.js, which WAHA runs on, closes a connection after 5 s without a request. A request written to a
/// connection that is being closed has an unknown outcome, so ours are given up before.
const IDLE_CONNECTION_MAX: Duration = Duration::from_secs(4);

/// Where WAHA is and how it is talked to.
pub struct WahaOptions {
    /// Its address, such as `http://waha:3000`; may have a path.
    pub base_url: String,
    /// Its `WAHA_API_KEY`, in clear.
    pub api_key: SecretString,
    /// Where it is to send webhooks: our public address and `/webhooks/waha`. Without it, sessions are
    /// created without webhooks of their own.
    pub webhook_url: Option<String>,
    /// Longest a whole request may take; at least [`REQUEST_TIMEOUT_MIN`] outside tests.
    pub request_timeout: Duration,
    /// Longest the connection may take.
    pub connect_timeout: Duration,
}

/// Why the options make no client.
#[derive(Debug, thiserror::Error)]
pub enum InvalidOptions {
    /// Not an `http` or `https` address.
    #[error("WAHA's address must be an http or https URL, such as http://waha:3000")]
    BaseUrl,
    /// Cannot be sent in a header.
    #[error("WAHA's API key must be of visible ASCII characters")]
    ApiKey,
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

/// A client of one WAHA server: satisfies `MessageGateway`, `SessionGateway`, `ChatReader` and `MissedReader`. Made once and shared; its
/// connections are pooled.
pub struct WahaClient {
    http: Client,
    base_url: Url,
    api_key: HeaderValue,
    webhook_url: Option<String>,
    ambient: Arc<dyn Ambient>,
}

impl WahaClient {
    /// Makes the client; talks to nobody yet.
    ///
    /// Retries by the HTTP client are off: the policy never repeats, and HTTP/2, whose refused streams it
    /// would repeat, is not spoken. What remains is that a request that was never begun on a connection found
    /// closed is begun on another: nothing of it had been written, so it is still sent once.
    pub fn new(options: WahaOptions, ambient: Arc<dyn Ambient>) -> Result<Self, InvalidOptions> {
        let base_url = base_url(&options.base_url).ok_or(InvalidOptions::BaseUrl)?;
        let api_key = api_key_header(&options.api_key)?;
        let accept = (header::ACCEPT, HeaderValue::from_static("application/json"));
        let headers = HeaderMap::from_iter([accept]);
        let http = Client::builder()
            .user_agent(concat!("heliograph/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .timeout(options.request_timeout)
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(IDLE_CONNECTION_MAX)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            // A proxy from the environment would answer in WAHA's place.
            .no_proxy()
            .build()
            .map_err(InvalidOptions::Client)?;
        Ok(Self { http, base_url, api_key, webhook_url: options.webhook_url, ambient })
    }

    /// A client of another server, with the same connections' limits and the same way back to us.
    pub fn of_server(&self, url: &str, api_key: &SecretString) -> Result<Self, InvalidOptions> {
        Ok(Self {
            http: self.http.clone(),
            base_url: base_url(url).ok_or(InvalidOptions::BaseUrl)?,
            api_key: api_key_header(api_key)?,
            webhook_url: self.webhook_url.clone(),
            ambient: Arc::clone(&self.ambient),
        })
    }

    /// A request to the path made of `segments`.
    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        self.request_to(method, self.url(segments))
    }

    fn request_to(&self, method: Method, url: Url) -> RequestBuilder {
        trace::traced(self.http.request(method, url).header("x-api-key", self.api_key.clone()))
    }

    /// The address of the path made of `segments`, each escaped.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

fn api_key_header(api_key: &SecretString) -> Result<HeaderValue, InvalidOptions> {
    let mut header =
        HeaderValue::from_str(api_key.expose_secret()).map_err(|_| InvalidOptions::ApiKey)?;
    header.set_sensitive(true);
    Ok(header)
}

fn base_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_sound = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none();
    is_sound.then_some(url)
}

#[cfg(test)]
mod tests;

//! One connection of a client that costs the machine next to nothing: no pool, no retries, and what does not
//! change between requests is made once.

use std::net::SocketAddr;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::messages::{BODY, number};
use crate::site::Sender;

/// Recipients of one connection are this far from those of the next.
const RECIPIENTS: usize = 1_000_000;

/// An open connection, and what is sent on it.
pub(super) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    /// Moves the bytes; ends with the connection.
    _driver: JoinSet<()>,
    host: HeaderValue,
    authorization: HeaderValue,
    session_id: String,
    recipient: usize,
}

impl Connection {
    pub(super) async fn open(
        address: SocketAddr,
        sender: &Sender,
        place: usize,
    ) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            let _ = connection.await; // whoever waits for an answer hears of it
        });
        let header = |text: String| {
            HeaderValue::try_from(text).map_err(|error| BenchError::failed(error.to_string()))
        };
        Ok(Self {
            requests,
            _driver: driver,
            host: header(address.to_string())?,
            authorization: header(format!("Bearer {}", sender.caller.token()))?,
            session_id: sender.session.id.clone(),
            recipient: place * RECIPIENTS,
        })
    }

    /// Sends a message, and insists on its being accepted.
    pub(super) async fn send(mut self) -> Result<Self, BenchError> {
        self.recipient += 1;
        let body = format!(
            r#"{{"sessionId":"{}","to":"{}","body":"{BODY}"}}"#,
            self.session_id,
            number(self.recipient)
        );
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/messages/send");
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let response = self.requests.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::ACCEPTED {
            let body = String::from_utf8_lossy(&body);
            return Err(BenchError::failed(format!("a send was answered {status}: {body}")));
        }
        Ok(self)
    }
}

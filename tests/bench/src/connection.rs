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

/// An open connection.
pub(crate) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    /// Moves the bytes; ends with the connection.
    _driver: JoinSet<()>,
    host: HeaderValue,
    authorization: Option<HeaderValue>,
}

impl Connection {
    /// To a process, with a token or without one.
    pub(crate) async fn open(address: SocketAddr, token: Option<&str>) -> Result<Self, BenchError> {
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
        let authorization = token.map(|token| header(format!("Bearer {token}"))).transpose()?;
        Ok(Self { requests, _driver: driver, host: header(address.to_string())?, authorization })
    }

    /// Asks, and answers the status.
    pub(crate) async fn ask(
        &mut self,
        method: Method,
        uri: &'static str,
        body: String,
    ) -> Result<(StatusCode, Bytes), BenchError> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_static(uri);
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.requests.ready().await?; // the last answer may have come sooner than its end was noted
        let response = self.requests.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Asks, and insists on this status.
    pub(crate) async fn insist(
        &mut self,
        method: Method,
        uri: &'static str,
        body: String,
        expected: StatusCode,
    ) -> Result<(), BenchError> {
        let (status, body) = self.ask(method, uri, body).await?;
        if status != expected {
            let body = String::from_utf8_lossy(&body);
            return Err(BenchError::failed(format!("{uri} was answered {status}: {body}")));
        }
        Ok(())
    }
}

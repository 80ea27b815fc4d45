//! Against a server that answers what it is told to, over real sockets.

use std::net::TcpListener;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use domain::ports::waha::SessionAddress;
use domain::waha_server::name::ServerName;
use uuid::Uuid;

use super::*;

mod chats;
mod fleet;
mod missed;
mod sending;
mod server;
mod sessions;

/// A recorded answer: its status and its body.
pub(super) fn recorded(name: &str) -> (u16, Vec<u8>) {
    let path = format!("{}/testdata/answers/{name}.http.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let (_, answer) = text.split_once("<<< HTTP ").unwrap();
    let (head, body) = answer.split_once("\n\n").unwrap();
    (head[..3].parse().unwrap(), body.trim_end().as_bytes().to_vec())
}

static SERVER: LazyLock<ServerName> = LazyLock::new(ServerName::default);

/// A session on the server that is asked, whose name a client of one server does not need.
fn named(waha_session: &str) -> SessionAddress<'_> {
    SessionAddress { server: &SERVER, waha_session }
}

struct Stopped;

impl Ambient for Stopped {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn new_id(&self) -> Uuid {
        Uuid::nil()
    }

    fn fraction(&self) -> f64 {
        0.0
    }
}

fn options(base_url: &str) -> WahaOptions {
    WahaOptions {
        base_url: base_url.to_owned(),
        api_key: "a-secret-key".into(),
        webhook_url: Some("https://heliograph.example/webhooks/waha".to_owned()),
        request_timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(5),
    }
}

fn client(base_url: &str) -> WahaClient {
    WahaClient::new(options(base_url), Arc::new(Stopped)).unwrap()
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn options_that_make_no_client_are_refused() {
    for base_url in ["", "waha:3000", "ftp://waha", "http://", "http://waha/?a=b", "http://waha/#a"]
    {
        let made = WahaClient::new(options(base_url), Arc::new(Stopped));
        assert!(matches!(made, Err(InvalidOptions::BaseUrl)), "{base_url}");
    }
    let options = WahaOptions { api_key: "a\nb".into(), ..options("http://waha:3000") };
    let made = WahaClient::new(options, Arc::new(Stopped));
    assert!(matches!(made, Err(InvalidOptions::ApiKey)));
}

#[test]
fn the_path_of_the_base_is_kept_and_names_are_escaped() {
    for base_url in ["http://waha:3000/behind", "http://waha:3000/behind/"] {
        let request = client(base_url).request(Method::GET, &["api", "a/../b?c"]).build().unwrap();
        assert_eq!(request.url().as_str(), "http://waha:3000/behind/api/a%2F..%2Fb%3Fc");
    }
}

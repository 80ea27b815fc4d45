//! A server that answers what it is told to, one connection per reply, and remembers what it was asked.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use serde_json::Value;

/// What the server does with a connection, once it has read the request.
pub(super) enum Reply {
    /// Answers, and closes.
    Answer(u16, Vec<u8>),
    /// Writes this to the letter, and closes.
    Raw(&'static str),
    /// Closes.
    Close,
    /// Waits until the client has gone.
    Silence,
}

/// What the server was asked.
pub(super) struct Request {
    /// The method and the path.
    pub(super) line: String,
    /// The headers, in lower case.
    pub(super) headers: String,
    /// The body.
    pub(super) body: Value,
}

/// A running server.
pub(super) struct Server {
    pub(super) url: String,
    thread: JoinHandle<(TcpListener, Vec<Request>)>,
}

impl Server {
    pub(super) fn start(replies: Vec<Reply>) -> Self {
        let (listener, address) = super::listener();
        let serve = move || {
            let requests = replies.into_iter().map(|reply| answer(&listener, reply)).collect();
            (listener, requests)
        };
        Self { url: format!("http://{address}"), thread: thread::spawn(serve) }
    }

    /// What it was asked; fails if anybody connected once more than there were replies.
    pub(super) fn finish(self) -> Vec<Request> {
        let (listener, requests) = self.thread.join().unwrap();
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "repeated");
        requests
    }
}

fn answer(listener: &TcpListener, reply: Reply) -> Request {
    let (mut stream, _) = listener.accept().unwrap();
    let request = read(&mut stream);
    match reply {
        Reply::Answer(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // A client that has read enough may be gone before the end.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
        Reply::Raw(text) => stream.write_all(text.as_bytes()).unwrap(),
        Reply::Close => {}
        Reply::Silence => {
            let _ = stream.read(&mut [0]);
        }
    }
    request
}

/// Reads one request to its end.
pub(super) fn read(stream: &mut TcpStream) -> Request {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let headers = headers.to_lowercase();
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    Request {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    }
}

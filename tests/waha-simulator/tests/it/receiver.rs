//! A receiver of webhooks that keeps the very bytes: header order and case included.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::{
    io::{self, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::eventually::eventually;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        self.json()["event"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Desk {
    received: Vec<Received>,
    /// Answers to give before the usual 200: a status line and headers.
    answers: Vec<&'static str>,
}

/// A running receiver; it ends when dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    desk: Arc<Mutex<Desk>>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/session", listener.local_addr().unwrap());
        let desk = Arc::new(Mutex::new(Desk::default()));
        let mut tasks = JoinSet::new();
        let kept = Arc::clone(&desk);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let desk = Arc::clone(&kept);
                connections.spawn(async move {
                    let _ = serve(stream, &desk).await; // the end of a connection is no failure
                });
            }
        });
        Self { url, desk, _tasks: tasks }
    }

    /// Answers the next requests so, one after the other, before answering 200 again.
    pub(crate) fn answer_first(&self, answers: &[&'static str]) {
        self.desk.lock().unwrap().answers = answers.to_vec();
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.desk.lock().unwrap().received.clone()
    }

    /// All requests so far about one event.
    pub(crate) fn about(&self, event: &str) -> Vec<Received> {
        self.received().into_iter().filter(|request| request.event() == event).collect()
    }

    /// Waits for so many requests about one event.
    pub(crate) async fn await_event(&self, event: &str, count: usize) -> Vec<Received> {
        let enough = || Some(self.about(event)).filter(|found| found.len() >= count);
        eventually(&format!("{count} × {event}"), enough).await
    }
}

async fn serve(stream: TcpStream, desk: &Mutex<Desk>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let mut body = vec![0; length.unwrap().1.parse().unwrap()];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8(body).unwrap();
        let answer = {
            let mut desk = desk.lock().unwrap();
            desk.received.push(Received { headers, body });
            if desk.answers.is_empty() { "200 OK" } else { desk.answers.remove(0) }
        };
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await?;
    }
}

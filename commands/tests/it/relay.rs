//! A relay between the log and PostgreSQL, which breaks the connection at the worst of moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What is sent with this in it breaks its connection, the first time.
pub(crate) const MARK: &str = "the connection breaks here";

/// When the connection breaks.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Breaks {
    /// As soon as the server has been asked.
    Asked,
    /// When the server has done it and answers.
    Answered,
}

pub(crate) struct Relay {
    /// The database, reached through the relay.
    pub(crate) pool: PgPool,
    has_broken: Arc<AtomicBool>,
    _accepting: JoinSet<()>,
}

impl Relay {
    pub(crate) async fn before(pool: &PgPool, breaks: Breaks) -> Self {
        let options = PgConnectOptions::clone(&pool.connect_options());
        let server = format!("{}:{}", options.get_host(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let has_broken = Arc::new(AtomicBool::new(false));
        let breaker = Arc::clone(&has_broken);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut relayed = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                relayed.spawn(relay(client, server, breaks, Arc::clone(&breaker)));
            }
        });
        let relayed = options.host("127.0.0.1").port(port);
        let pool = PgPoolOptions::new().max_connections(5).connect_lazy_with(relayed);
        Self { pool, has_broken, _accepting: accepting }
    }

    pub(crate) fn has_broken(&self) -> bool {
        self.has_broken.load(Ordering::SeqCst)
    }
}

async fn relay(
    mut client: TcpStream,
    mut server: TcpStream,
    breaks: Breaks,
    has_broken: Arc<AtomicBool>,
) {
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            Ok(count @ 1..) = client.read(&mut request) => {
                let request = &request[..count];
                if server.write_all(request).await.is_err() {
                    return;
                }
                let is_marked = request.windows(MARK.len()).any(|part| part == MARK.as_bytes());
                if is_marked && !has_broken.swap(true, Ordering::SeqCst) {
                    if breaks == Breaks::Answered {
                        let _ = server.read(&mut answer).await;
                    }
                    return;
                }
            }
            Ok(count @ 1..) = server.read(&mut answer) => {
                if client.write_all(&answer[..count]).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}

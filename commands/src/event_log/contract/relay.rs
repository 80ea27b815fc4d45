//! A relay between the log and its server, which breaks the line at the worst of moments.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What is sent with this in it breaks its line, once.
pub(super) const MARK: &str = "the line breaks here";
const BUFFER_BYTES: usize = 1 << 16;

/// When the line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breaks {
    /// As soon as the server has been asked.
    Asked,
    /// When the server answers.
    Answered,
}

/// A relay to a server.
pub(super) struct Relay {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

struct Shared {
    server: String,
    breaks: Mutex<Option<Breaks>>,
    /// Cancelled while the server is away; the lines end with it.
    line: Mutex<CancellationToken>,
}

impl Relay {
    pub(super) async fn before(server: String) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { server, breaks: Mutex::default(), line: Mutex::default() });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _accepting: accepting })
    }

    /// The line breaks at the next mark.
    pub(super) fn break_at_mark(&self, breaks: Breaks) {
        *self.shared.breaks.lock().unwrap_or_else(PoisonError::into_inner) = Some(breaks);
    }

    /// Whether there was a mark.
    pub(super) fn has_broken(&self) -> bool {
        self.shared.breaks.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Breaks every line; who connects is cut off at once.
    pub(super) fn cut(&self) {
        self.shared.line().cancel();
    }

    /// Lets lines pass again.
    pub(super) fn restore(&self) {
        let mut line = self.shared.line.lock().unwrap_or_else(PoisonError::into_inner);
        *line = CancellationToken::new();
    }
}

impl Shared {
    fn line(&self) -> CancellationToken {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the line is to break, and when.
    fn meet(&self, is_marked: bool) -> Option<Breaks> {
        if !is_marked {
            return None;
        }
        self.breaks.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut lines = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let (line, shared) = (shared.line(), Arc::clone(&shared));
        lines.spawn(async move {
            tokio::select! {
                () = line.cancelled() => {}
                // A line that breaks by itself is broken, too.
                _ = relay(client, &shared) => {}
            }
        });
        while lines.try_join_next().is_some() {}
    }
}

async fn relay(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut server = TcpStream::connect(&shared.server).await?;
    let (mut request, mut answer) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES]);
    // The mark may be torn apart by the line itself.
    let mut sent = Vec::new();
    loop {
        tokio::select! {
            count = client.read(&mut request) => {
                let request = &request[..count?];
                if request.is_empty() {
                    return Ok(());
                }
                server.write_all(request).await?;
                sent.extend_from_slice(request);
                let is_marked = sent.windows(MARK.len()).any(|part| part == MARK.as_bytes());
                sent.drain(..sent.len().saturating_sub(MARK.len()));
                match shared.meet(is_marked) {
                    None => {}
                    Some(Breaks::Asked) => return Ok(()),
                    Some(Breaks::Answered) => {
                        // What it says, and how much of it, is of no interest.
                        return server.read(&mut answer).await.map(drop);
                    }
                }
            }
            count = server.read(&mut answer) => {
                let answer = &answer[..count?];
                if answer.is_empty() {
                    return Ok(());
                }
                client.write_all(answer).await?;
            }
        }
    }
}

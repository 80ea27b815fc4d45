//! Connections that can be cut.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::{Stream, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

/// All lines, to be cut together.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<CancellationToken>);

impl Lines {
    pub(crate) fn cut(&self) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *lines).cancel();
    }

    fn next(&self) -> CancellationToken {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).child_token()
    }
}

/// One line.
pub(crate) struct Line {
    stream: TcpStream,
    scissors: Scissors,
    is_cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// Cuts the line a request came through.
#[derive(Debug, Clone)]
pub(crate) struct Scissors(CancellationToken);

impl Scissors {
    pub(crate) fn cut(&self) {
        self.0.cancel();
    }
}

/// The lines of those who connect.
pub(crate) fn incoming(
    listener: TcpListener,
    lines: Arc<Lines>,
) -> impl Stream<Item = io::Result<Line>> {
    stream::unfold((listener, lines), async |(listener, lines)| {
        let line = listener.accept().await.and_then(|(stream, _)| {
            stream.set_nodelay(true)?;
            let cut = lines.next();
            let is_cut = Box::pin(cut.clone().cancelled_owned());
            Ok(Line { stream, scissors: Scissors(cut), is_cut })
        });
        Some((line, (listener, lines)))
    })
}

impl Line {
    fn whole(&mut self, context: &mut Context<'_>) -> io::Result<&mut TcpStream> {
        // Asked, it also wakes whoever waits here when the line is cut.
        match self.is_cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(&mut self.stream),
        }
    }
}

/// At once, not after the usual 40 ms: the client holds back the second half of a request until the first is
/// acknowledged, for it leaves Nagle's algorithm on. The system forgets it again, hence after every read.
#[cfg(target_os = "linux")]
fn acknowledge(stream: &TcpStream) -> io::Result<()> {
    stream.set_quickack(true)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

impl Connected for Line {
    type ConnectInfo = Scissors;

    fn connect_info(&self) -> Scissors {
        self.scissors.clone()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.whole(context)?;
        let read = Pin::new(&mut *stream).poll_read(context, buffer);
        acknowledge(stream)?;
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = self.whole(context)?;
        Pin::new(stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.whole(context)?;
        Pin::new(stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

//! The few commands of RFC 5321 that a client needs to hand mail over.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Mailbox;

/// Nothing anybody hands over here is larger.
const MAIL_BYTES_MAX: usize = 10 * 1024 * 1024;
const LINE_BYTES_MAX: usize = 4096;

pub(crate) async fn serve(
    listener: TcpListener,
    mails: Mailbox,
    tasks: TaskTracker,
    shutdown: CancellationToken,
) {
    while let Some(Ok((stream, _))) = shutdown.run_until_cancelled(listener.accept()).await {
        let (mails, shutdown) = (mails.clone(), shutdown.clone());
        tasks.spawn(async move {
            // Whoever breaks off is gone, and nobody is to be told.
            let _ = shutdown.run_until_cancelled(talk(stream, &mails)).await;
        });
    }
}

async fn talk(mut stream: TcpStream, mails: &Mailbox) -> std::io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    writer.write_all(b"220 mail-catcher ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    while let Some(line) = line(&mut reader).await? {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
        let answer: &[u8] = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => b"250-mail-catcher\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "HELO" | "NOOP" => b"250 mail-catcher\r\n",
            "MAIL" => {
                (from, to) = (path(rest), Vec::new());
                b"250 go on\r\n"
            }
            "RCPT" => {
                to.push(path(rest));
                b"250 go on\r\n"
            }
            "DATA" if to.is_empty() => b"503 to whom?\r\n",
            "DATA" => {
                writer.write_all(b"354 end with a dot\r\n").await?;
                let Some(raw) = data(&mut reader).await? else { return Ok(()) };
                if !mails.take(std::mem::take(&mut from), std::mem::take(&mut to), &raw) {
                    return std::future::pending().await;
                }
                b"250 caught\r\n"
            }
            "RSET" => {
                (from, to) = (String::new(), Vec::new());
                b"250 forgotten\r\n"
            }
            "QUIT" => return writer.write_all(b"221 bye\r\n").await,
            _ => b"502 not here\r\n",
        };
        writer.write_all(answer).await?;
    }
    Ok(())
}

async fn line(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = reader.read_until(b'\n', &mut line).await?;
    Ok((read > 0 && line.len() <= LINE_BYTES_MAX).then_some(line))
}

/// A mail up to the dot that ends it (RFC 5321, section 4.5.2).
async fn data(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<Vec<u8>>> {
    let mut raw = Vec::new();
    while let Some(line) = line(reader).await? {
        if line == b".\r\n" {
            return Ok(Some(raw));
        }
        if raw.len() + line.len() > MAIL_BYTES_MAX {
            return Ok(None);
        }
        raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
    Ok(None)
}

/// The address in `FROM:<ada@example.com> BODY=8BITMIME`.
fn path(rest: &str) -> String {
    let inner = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(rest, |(address, _)| address).to_owned()
}

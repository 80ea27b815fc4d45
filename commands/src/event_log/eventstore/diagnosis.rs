//! Whether the server is there, and if not, why: the crate's own errors do not tell.

use std::time::Duration;

use domain::ports::event_log::LogError;
use eventstore::{Error, ReadAllOptions, StreamPosition};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Address;
use super::connection::{Connection, Options, Trouble, answer, trouble};

/// The first version whose subscriptions tell when they have caught up, which reading relies on.
const VERSION_MIN: (usize, usize) = (23, 10);
/// From this version on it is called KurrentDB.
const VERSION_RENAMED: usize = 25;
/// How long a look at the bare line may take.
const LOOK_TIME_MAX: Duration = Duration::from_secs(1);
/// How every client of HTTP/2 begins: the preface, and settings that set nothing.
const HTTP2_GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The kind of frame a server of HTTP/2 answers with, in its fourth byte.
const HTTP2_SETTINGS: u8 = 4;

/// Asks for what we need: an answer, a version, and leave to read `$all`.
pub(super) async fn probe(connection: &Connection) -> Result<String, LogError> {
    match ask(connection).await {
        Ok(version) if (version.0, version.1) < VERSION_MIN => {
            let (major, minor) = VERSION_MIN;
            let text = format!("the server is too old: {major}.{minor} or newer is needed");
            Err(LogError::Unavailable(text.into()))
        }
        Ok((major, minor, patch)) => {
            let name = if major < VERSION_RENAMED { "EventStoreDB" } else { "KurrentDB" };
            Ok(format!("{name} {major}.{minor}.{patch}"))
        }
        Err(error) => Err(LogError::Unavailable(match trouble(error) {
            trouble @ (Trouble::AccessDenied | Trouble::Timeout) => trouble.into(),
            trouble => match explain(&connection.address).await {
                Some(explanation) => explanation.into(),
                None => trouble.into(),
            },
        })),
    }
}

async fn ask(connection: &Connection) -> Result<(usize, usize, usize), Error> {
    let options = ReadAllOptions::default()
        .backwards()
        .position(StreamPosition::End)
        .max_count(1)
        .of(&connection.address);
    connection
        .perform(async |client| {
            let version = answer(client.server_info()).await?.version();
            let mut newest = answer(client.read_all(&options)).await?;
            answer(newest.next()).await?;
            Ok((version.major(), version.minor(), version.patch()))
        })
        .await
}

/// What the bare line tells of a single server.
async fn explain(address: &Address) -> Option<String> {
    if address.is_cluster() {
        return None;
    }
    let at = address.host()?;
    let mut line = match timeout(LOOK_TIME_MAX, TcpStream::connect(&at)).await {
        Ok(Ok(line)) => line,
        Ok(Err(error)) => return Some(format!("{at} cannot be reached: {error}")),
        Err(_) => return Some(format!("{at} cannot be reached: nobody answers")),
    };
    let speaks_plainly = timeout(LOOK_TIME_MAX, speaks_http2(&mut line)).await.ok()?;
    match (speaks_plainly, address.settings.is_secure_mode_enabled()) {
        (true, true) => Some(format!("{at} speaks without TLS: add tls=false to the URL")),
        (false, true) => Some(format!(
            "{at} cannot be trusted: tlsCaFile names the authority that signed its certificate"
        )),
        (false, false) => Some(format!(
            "{at} does not speak without TLS: take tls=false out of the URL, if it is an EventStoreDB"
        )),
        (true, false) => None,
    }
}

async fn speaks_http2(line: &mut TcpStream) -> bool {
    let mut answer = [0; 4];
    line.write_all(HTTP2_GREETING).await.is_ok()
        && line.read_exact(&mut answer).await.is_ok()
        && answer[3] == HTTP2_SETTINGS
}

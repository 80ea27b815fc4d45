//! The line to the server: patience, second tries, and a new client where the old one is of no use any more.
//!
//! The crate's client gives up for good when it could connect to nobody, and in a cluster it stays with a
//! node that has gone. So a client that failed in such a way is replaced.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::ports::event_log::LogError;
use eventstore::{
    AppendToStreamOptions, Client, Credentials, Error, ReadAllOptions, ReadStreamOptions,
    SubscribeToAllOptions,
};
use tokio::time::{sleep, timeout};

use super::address::Address;

/// How long the server may take for each answer. The crate tells the server, but does not keep watch itself.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Whatever is asked here may be asked again: reads, and appends that the server or we recognise.
const TRIES_MAX: u32 = 3;
const RETRY_WAIT: Duration = Duration::from_millis(100);

/// A status code of gRPC that speaks of the request, not of the moment.
const REFUSALS: [i32; 4] = [
    3,  /* invalid argument */
    8,  /* too much */
    9,  /* precondition */
    11, /* out of range */
];

/// The line to the server.
pub(super) struct Connection {
    pub(super) address: Address,
    current: Mutex<Connected>,
}

#[derive(Clone)]
struct Connected {
    client: Client,
    generation: u64,
}

/// What an error asks for.
enum Cure {
    TryAgain,
    TryAgainWithNewClient,
    None,
}

impl Connection {
    pub(super) fn open(address: Address) -> Result<Self, Error> {
        let client = Client::new(address.settings.clone())?;
        Ok(Self { address, current: Mutex::new(Connected { client, generation: 0 }) })
    }

    /// Performs an operation, again if that may help.
    pub(super) async fn perform<T, F>(&self, operation: impl Fn(Client) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut tried = 0;
        loop {
            tried += 1;
            let Connected { client, generation } = self.current();
            let error = match operation(client).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            match self.cure(&error) {
                Cure::None => return Err(error),
                Cure::TryAgain => {}
                Cure::TryAgainWithNewClient => self.replace(generation),
            }
            if tried == TRIES_MAX {
                return Err(error);
            }
            sleep(RETRY_WAIT * tried).await;
        }
    }

    fn current(&self) -> Connected {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Of all who found the client useless, the first replaces it.
    fn replace(&self, useless: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.generation != useless {
            return;
        }
        match Client::new(self.address.settings.clone()) {
            Ok(client) => *current = Connected { client, generation: useless + 1 },
            Err(error) => tracing::warn!(%error, "no new client for the event store can be made"),
        }
    }

    fn cure(&self, error: &Error) -> Cure {
        match error {
            Error::ConnectionClosed | Error::GrpcConnectionError(_) => Cure::TryAgainWithNewClient,
            Error::ServerError(_) | Error::DeadlineExceeded if self.address.is_cluster() => {
                Cure::TryAgainWithNewClient
            }
            Error::ServerError(_) | Error::DeadlineExceeded | Error::NotLeaderException(_) => {
                Cure::TryAgain
            }
            Error::Grpc { .. } if !is_refusal(error) => Cure::TryAgain,
            _ => Cure::None,
        }
    }
}

/// The server's answer, if it comes in time.
pub(super) async fn answer<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(ANSWER_TIMEOUT, asked).await.unwrap_or(Err(Error::DeadlineExceeded))
}

/// Whether the server will not take what it was given, now or later.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Grpc { code, .. } if REFUSALS.contains(&(*code as i32)))
}

/// What keeps the server from doing its part.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(
        "the server denies access: check the user and the password, and that the user may read $all"
    )]
    AccessDenied,
    #[error("the server does not answer in time")]
    Timeout,
    #[error("no server can be reached")]
    Unreachable(#[source] Error),
    #[error("the server failed")]
    Failed(#[source] Error),
}

/// A failure of the server as the port knows it.
pub(super) fn unavailable(error: Error) -> LogError {
    LogError::Unavailable(trouble(error).into())
}

pub(super) fn trouble(error: Error) -> Trouble {
    match error {
        Error::AccessDenied => Trouble::AccessDenied,
        Error::DeadlineExceeded => Trouble::Timeout,
        Error::ConnectionClosed | Error::GrpcConnectionError(_) => Trouble::Unreachable(error),
        error => Trouble::Failed(error),
    }
}

/// The options of an operation, as all of ours have them.
pub(super) trait Options: Sized {
    /// By whom it is asked, and of whom: of the leader, for what another node knows may be out of date.
    fn of(self, address: &Address) -> Self;
}

macro_rules! options {
    ($($options:ident),+) => {$(
        impl Options for $options {
            fn of(self, address: &Address) -> Self {
                let options = self.requires_leader(true);
                match &address.credentials {
                    Some(credentials) => options.authenticated(Credentials::clone(credentials)),
                    None => options,
                }
            }
        }
    )+};
}

options!(AppendToStreamOptions, ReadAllOptions, ReadStreamOptions, SubscribeToAllOptions);

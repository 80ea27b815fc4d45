//! Every WAHA server there is, behind the ports: a call goes to the server its session is on.
//!
//! The server named `default` is the settings' own. The others are asked of a directory, again every so often, so that
//! a server that moves or gets another key is followed without a restart, and none costs a look-up per message.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::message::refusal::{Refusal, RefusalKind};
use domain::ports::missed::{Chat, MissedReader, Page};
use domain::ports::waha::{
    ChatReader, GatewayError, MessageGateway, Observation, OwnMessages, QrCode, SendOutcome,
    SessionAddress, SessionGateway, SessionSetup, TextMessage,
};
use domain::session::Report;
use domain::waha_server::name::ServerName;
use domain::whatsapp::ChatId;
use secrecy::{ExposeSecret, SecretString};

use super::WahaClient;

/// A server's address and key are asked for again after this long.
const KNOWN_FOR: Duration = Duration::from_secs(2);

/// How a server is reached. Its `Debug` shows no key.
#[derive(Debug, Clone)]
pub struct ServerAccess {
    /// Its address.
    pub url: String,
    /// The key it asks for.
    pub api_key: SecretString,
}

/// Knows how servers are reached.
#[async_trait]
pub trait ServerDirectory: Send + Sync {
    /// How a server is reached; none if there is no such server.
    async fn access(&self, server: &ServerName) -> Result<Option<ServerAccess>, DirectoryError>;
}

/// The directory is out of reach; trying later may help.
#[derive(Debug, thiserror::Error)]
#[error("the registry of WAHA servers cannot be read: {0}")]
pub struct DirectoryError(pub Box<dyn std::error::Error + Send + Sync>);

/// Every WAHA server: satisfies `MessageGateway`, `SessionGateway`, `ChatReader` and `MissedReader`.
pub struct WahaFleet {
    own: Arc<WahaClient>,
    directory: Arc<dyn ServerDirectory>,
    known: Mutex<HashMap<ServerName, Known>>,
}

/// A server as it was last told of.
#[derive(Clone)]
struct Known {
    access: ServerAccess,
    client: Arc<WahaClient>,
    told_at: Instant,
}

impl WahaFleet {
    /// The settings' own server, and those of the directory.
    pub fn new(own: Arc<WahaClient>, directory: Arc<dyn ServerDirectory>) -> Self {
        Self { own, directory, known: Mutex::default() }
    }

    async fn client(&self, server: &ServerName) -> Result<Arc<WahaClient>, GatewayError> {
        if server.is_default() {
            return Ok(Arc::clone(&self.own));
        }
        let known = self.known().get(server).cloned();
        if let Some(known) = &known
            && known.told_at.elapsed() < KNOWN_FOR
        {
            return Ok(Arc::clone(&known.client));
        }
        let access = match (self.directory.access(server).await, known) {
            (Ok(Some(access)), Some(known)) if known.access.is(&access) => {
                let told_at = Instant::now();
                let client = Arc::clone(&known.client);
                self.known().insert(server.clone(), Known { told_at, ..known });
                return Ok(client);
            }
            (Ok(Some(access)), _) => access,
            (Ok(None), _) => {
                self.known().remove(server);
                let reason = format!("there is no WAHA server {server}, or its key is missing");
                return Err(GatewayError::Unavailable(reason));
            }
            // It was there a moment ago, and most likely still is.
            (Err(_), Some(known)) => return Ok(known.client),
            (Err(error), None) => return Err(GatewayError::Unavailable(error.to_string())),
        };
        let client = self.own.of_server(&access.url, &access.api_key);
        let client = client.map_err(|error| GatewayError::Unavailable(error.to_string()))?;
        let known = Known { access, client: Arc::new(client), told_at: Instant::now() };
        let client = Arc::clone(&known.client);
        self.known().insert(server.clone(), known);
        Ok(client)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ServerName, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerAccess {
    fn is(&self, other: &Self) -> bool {
        self.url == other.url && self.api_key.expose_secret() == other.api_key.expose_secret()
    }
}

#[async_trait]
impl MessageGateway for WahaFleet {
    async fn send_text(&self, message: TextMessage<'_>) -> SendOutcome {
        match self.client(message.session.server).await {
            Ok(client) => client.send_text(message).await,
            // Nobody was called, so nothing was sent.
            Err(error) => SendOutcome::Refused {
                refusal: Refusal { kind: RefusalKind::Unreachable, detail: error.to_string() },
                session_status: None,
            },
        }
    }
}

#[async_trait]
impl SessionGateway for WahaFleet {
    async fn start(&self, session: &SessionSetup<'_>) -> Result<Option<Report>, GatewayError> {
        self.client(session.session.server).await?.start(session).await
    }

    async fn stop(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError> {
        self.client(session.server).await?.stop(session).await
    }

    async fn restart(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError> {
        self.client(session.server).await?.restart(session).await
    }

    async fn logout(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError> {
        self.client(session.server).await?.logout(session).await
    }

    async fn delete(&self, session: SessionAddress<'_>) -> Result<(), GatewayError> {
        self.client(session.server).await?.delete(session).await
    }

    async fn status(&self, session: SessionAddress<'_>) -> Result<Option<Report>, GatewayError> {
        self.client(session.server).await?.status(session).await
    }

    async fn list(&self, server: &ServerName) -> Result<Vec<(String, Report)>, GatewayError> {
        self.client(server).await?.list(server).await
    }

    async fn qr(&self, session: SessionAddress<'_>) -> Result<QrCode, GatewayError> {
        self.client(session.server).await?.qr(session).await
    }

    async fn ping(&self, server: &ServerName) -> Result<String, GatewayError> {
        self.client(server).await?.ping(server).await
    }
}

#[async_trait]
impl ChatReader for WahaFleet {
    async fn own_messages(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        since: DateTime<Utc>,
    ) -> Result<OwnMessages, GatewayError> {
        self.client(session.server).await?.own_messages(session, chat_id, since).await
    }

    async fn remembers(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        at: DateTime<Utc>,
    ) -> Result<bool, GatewayError> {
        self.client(session.server).await?.remembers(session, chat_id, at).await
    }
}

#[async_trait]
impl MissedReader for WahaFleet {
    async fn chats(
        &self,
        session: SessionAddress<'_>,
        page: Page,
    ) -> Result<Vec<Chat>, GatewayError> {
        self.client(session.server).await?.chats(session, page).await
    }

    async fn messages(
        &self,
        session: SessionAddress<'_>,
        chat_id: &ChatId,
        since: DateTime<Utc>,
        page: Page,
    ) -> Result<Vec<Observation>, GatewayError> {
        self.client(session.server).await?.messages(session, chat_id, since, page).await
    }
}

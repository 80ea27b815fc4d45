//! The handle of a running simulator.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use crate::{
    api,
    connection::{ResettableListener, Resetter},
    ledger::LedgerEntry,
    message::ChatMessage,
    misbehaviour::Rule,
    options::SimulatorOptions,
    session::SessionStatus,
    waha::Waha,
    webhook::attempt::WebhookAttempt,
};

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The client that posts webhooks cannot be made.
    #[error("cannot make the HTTP client for webhooks")]
    Client(#[from] reqwest::Error),
}

/// A session that is not there, or not in a state to do what was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the session is not there, or cannot do this now")]
pub struct Impossible;

/// A running simulator. Dropping it ends it; `shutdown` also waits for the end.
#[derive(Debug)]
pub struct Simulator {
    waha: Arc<Waha>,
    address: SocketAddr,
}

impl Simulator {
    /// Starts listening.
    pub async fn start(options: SimulatorOptions) -> Result<Self, StartError> {
        let asked = options.address;
        let refused = |source| StartError::Listen { address: asked, source };
        let listener = TcpListener::bind(asked).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let waha = Waha::new(options)?;
        let service =
            api::router(Arc::clone(&waha)).into_make_service_with_connect_info::<Resetter>();
        let serve = axum::serve(ResettableListener(listener), service)
            .with_graceful_shutdown(waha.shutdown.clone().cancelled_owned());
        waha.tasks.spawn(async move {
            if let Err(error) = serve.await {
                tracing::error!(%error, "the simulator stopped serving");
            }
        });
        Ok(Self { waha, address })
    }

    /// Where it listens, as `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The value `X-Api-Key` must have.
    pub fn api_key(&self) -> &str {
        &self.waha.options.api_key
    }

    /// Ends everything, requests under way included, and waits for the end.
    pub async fn shutdown(self) {
        self.waha.shutdown.cancel();
        self.waha.tasks.close();
        self.waha.tasks.wait().await;
    }

    /// Everything it was asked to send, in order of arrival.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.waha.world().ledger.entries()
    }

    /// The messages of one chat, oldest first.
    pub fn chat_messages(&self, session: &str, chat_id: &str) -> Vec<ChatMessage> {
        self.waha.chat_messages(session, chat_id)
    }

    /// Every webhook it tried to post, in order.
    pub fn webhook_attempts(&self) -> Vec<WebhookAttempt> {
        self.waha.world().webhook_attempts.clone()
    }

    /// The status of a session, if there is one.
    pub fn session_status(&self, session: &str) -> Option<SessionStatus> {
        self.waha.world().sessions.get(session).map(|session| session.status)
    }

    /// Adds a rule of misbehaviour.
    pub fn misbehave(&self, rule: Rule) {
        self.waha.world().rules.add(rule);
    }

    /// Removes all rules.
    pub fn behave(&self) {
        self.waha.world().rules.clear();
    }

    /// Delays every answer of the API from now on.
    pub fn delay_answers(&self, delay: Duration) {
        self.waha.world().answer_delay = delay;
    }

    /// The phone scans the code the session shows.
    pub fn scan(&self, session: &str) -> Result<(), Impossible> {
        self.waha.scan(session).map_err(|_| Impossible)
    }

    /// The shown code is replaced by a new one, and announced again.
    pub fn refresh_qr(&self, session: &str) -> Result<(), Impossible> {
        self.waha.refresh_qr(session).map_err(|_| Impossible)
    }

    /// The phone removes the linked device: the session is FAILED and needs a new scan.
    pub fn unlink(&self, session: &str) -> Result<(), Impossible> {
        self.waha.unlink(session).map_err(|_| Impossible)
    }

    /// Puts a session in a status, whatever led there.
    pub fn set_session_status(
        &self,
        session: &str,
        status: SessionStatus,
    ) -> Result<(), Impossible> {
        self.waha.set_status(session, status).map_err(|_| Impossible)
    }

    /// Somebody writes to the session; returns the bare message id.
    pub fn receive(&self, session: &str, from: &str, body: &str) -> Result<String, Impossible> {
        self.waha.receive(session, from, body).map_err(|_| Impossible)
    }

    /// The recipient's phone acknowledges a message of the session: 2 DEVICE, 3 READ.
    pub fn acknowledge(&self, session: &str, id: &str, level: i8) -> Result<(), Impossible> {
        self.waha.acknowledge_now(session, id, level).map_err(|_| Impossible)
    }

    /// The process dies and comes back: requests under way are reset, retries are forgotten,
    /// and sessions that ran start again with their pairing.
    pub fn restart_losing_memory(&self) {
        self.waha.restart_losing_memory();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.waha.shutdown.cancel();
    }
}

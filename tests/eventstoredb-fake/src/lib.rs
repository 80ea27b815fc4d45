//! A fake EventStoreDB: the streams protocol over gRPC, in memory, for tests.
//!
//! ```text
//! line      connections that can be cut
//! service   append; read: read and subscribe               the protocol
//! state     what all lines share, who may ask, what is to go wrong
//! log       streams, revisions, positions, repeats          the rules
//! discovery what clients ask before anything else: the server's version, the cluster's nodes
//! ```
//!
//! It is a fake: it follows the server's documentation and the client's expectations, and proves how our
//! adapter behaves, never how the real server does. What is not needed for that answers "unimplemented".

#![expect(clippy::result_large_err, reason = "gRPC's own error is this large")]

mod discovery;
mod line;
mod log;
mod protocol;
mod read;
mod service;
mod state;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::Server;

use discovery::Discovery;
use line::Lines;
use log::Log;
use protocol::gossip::gossip_server::GossipServer;
use protocol::server_features::server_features_server::ServerFeaturesServer;
use protocol::streams::streams_server::StreamsServer;
use service::Service;
use state::State;

/// What the server takes in one message; the real one's default.
const MESSAGE_BYTES_MAX: usize = 17 << 20;

/// What the fake is set up with.
#[derive(Debug, Clone)]
pub struct FakeOptions {
    /// Its version.
    pub version: &'static str,
    /// Who may ask; nobody is asked who they are if there is none.
    pub credentials: Option<(&'static str, &'static str)>,
    /// The most an append may hold.
    pub append_bytes_max: usize,
}

impl Default for FakeOptions {
    fn default() -> Self {
        let credentials = Some(("admin", "changeit"));
        Self { version: "24.10.0", credentials, append_bytes_max: 1 << 20 }
    }
}

/// What goes wrong with an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The line is cut before the append is carried out.
    CutBefore,
    /// The line is cut after the append was carried out, and before it is answered.
    CutAfter,
}

/// A running fake. It ends when it is dropped.
#[derive(Debug)]
pub struct Fake {
    address: SocketAddr,
    options: FakeOptions,
    state: Arc<State>,
    lines: Arc<Lines>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Fake {
    /// Starts one on any free port.
    pub async fn start(options: FakeOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let state = Arc::new(State::new(options.clone(), Log::default()));
        let lines = Arc::new(Lines::default());
        let streams = Service::new(Arc::clone(&state), tasks.clone(), shutdown.clone());
        let discovery = Discovery { address, version: options.version };
        let serving = Server::builder()
            .add_service(StreamsServer::new(streams).max_decoding_message_size(MESSAGE_BYTES_MAX))
            .add_service(GossipServer::new(discovery.clone()))
            .add_service(ServerFeaturesServer::new(discovery))
            .serve_with_incoming_shutdown(
                line::incoming(listener, Arc::clone(&lines)),
                shutdown.clone().cancelled_owned(),
            );
        tasks.spawn(serving);
        Ok(Self { address, options, state, lines, shutdown, tasks })
    }

    /// Where it is, and who may ask. Clients wait between attempts to connect; here they need not for long.
    pub fn url(&self) -> String {
        let user = self.options.credentials.map(|(name, password)| format!("{name}:{password}@"));
        let (user, address) = (user.unwrap_or_default(), self.address);
        format!("esdb://{user}{address}?tls=false&discoveryInterval=20")
    }

    /// The next appends go wrong, one like each of these.
    pub fn misbehave(&self, how: impl IntoIterator<Item = Misbehaviour>) {
        self.state.misbehave(how);
    }

    /// Every append is answered this much later than it is carried out.
    pub fn delay_answers(&self, by: Duration) {
        self.state.delay_answers(by);
    }

    /// Cuts every line; new ones are taken.
    pub fn cut(&self) {
        self.lines.cut();
    }

    /// How many appends it has carried out.
    pub fn appends(&self) -> usize {
        self.state.appends()
    }

    /// Fills it with events of somebody else.
    pub fn fill(&self, count: usize) {
        self.state.fill(count);
    }

    /// How many events it has looked at for subscriptions.
    pub fn searched(&self) -> usize {
        self.state.searched()
    }

    /// Stops it.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.lines.cut();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.lines.cut();
    }
}

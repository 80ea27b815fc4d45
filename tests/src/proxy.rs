//! A line that can be cut: between the engine and PostgreSQL, or WAHA, or from WAHA to the engine.

use std::net::SocketAddr;
use std::sync::Arc;

use sqlx::PgPool;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use waha_simulator::Simulator;

use crate::port::Port;

/// Passes connections on to a target, until it is cut.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    target: SocketAddr,
    line: Mutex<JoinSet<()>>,
}

impl Proxy {
    /// A line to a WAHA.
    pub async fn to_waha(waha: &Simulator) -> Arc<Self> {
        let address = waha.base_url().trim_start_matches("http://").parse();
        Self::to(address.expect("WAHA is at an address")).await
    }

    /// A line to the server of a database.
    pub async fn to_server_of(database: &PgPool) -> Arc<Self> {
        let options = database.connect_options();
        let server = lookup_host((options.get_host(), options.get_port())).await;
        let server = server.ok().and_then(|mut addresses| addresses.find(SocketAddr::is_ipv4));
        Self::to(server.expect("DATABASE_URL names a server")).await
    }

    async fn to(target: SocketAddr) -> Arc<Self> {
        let proxy = Self { port: Port::reserve(), target, line: Mutex::default() };
        proxy.restore().await;
        Arc::new(proxy)
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Breaks every connection; new ones are refused.
    pub async fn cut(&self) {
        self.line.lock().await.shutdown().await;
    }

    /// Takes connections again.
    pub async fn restore(&self) {
        let (listener, target) = (self.port.listen(), self.target);
        self.line.lock().await.spawn(pass_on(listener, target));
    }
}

/// The connections end with the task that owns them.
async fn pass_on(listener: TcpListener, target: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((mut near, _)) = listener.accept().await else { continue };
        connections.spawn(async move {
            if let Ok(mut far) = TcpStream::connect(target).await {
                let _ = copy_bidirectional(&mut near, &mut far).await; // a broken line is an end, too
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

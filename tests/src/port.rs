//! A port that stays ours: whoever listened on it may stop, and nobody else gets it meanwhile.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be taken.
const BACKLOG: u32 = 256;

/// A port of this machine. While nobody listens on it, connections are refused.
#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    /// Bound and never listening.
    _reservation: TcpSocket,
}

impl Port {
    /// Reserves a free one.
    pub fn reserve() -> Self {
        let reservation = socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let address = reservation.local_addr().expect("a bound socket has no address");
        Self { address, _reservation: reservation }
    }

    /// Which it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Listens on it.
    pub fn listen(&self) -> TcpListener {
        socket(self.address).listen(BACKLOG).expect("the port is listened on already")
    }
}

fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("no socket to be had");
    socket.set_reuseaddr(true).expect("the port cannot be shared");
    socket.bind(address).expect("the port cannot be bound");
    socket
}

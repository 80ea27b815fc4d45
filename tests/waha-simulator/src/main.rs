//! The simulator as a program, for demonstrations.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use waha_simulator::{Engine, Simulator, SimulatorOptions};

/// A WAHA that can lie.
#[derive(Debug, Parser)]
#[command(version)]
struct Flags {
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 3001)]
    port: u16,
    /// The value X-Api-Key must have.
    #[arg(long)]
    api_key: String,
    /// The engine whose formats are answered.
    #[arg(long, value_enum, default_value_t = Engine::Noweb)]
    engine: Engine,
    /// Scan each QR code by itself after this long; without it, scanning is a control request.
    #[arg(long)]
    auto_scan_ms: Option<u64>,
    /// The pause before each acknowledgement.
    #[arg(long, default_value_t = 600)]
    ack_ms: u64,
}

impl From<Flags> for SimulatorOptions {
    fn from(flags: Flags) -> Self {
        Self {
            address: SocketAddr::from((flags.host, flags.port)),
            api_key: flags.api_key,
            engine: flags.engine,
            auto_scan_after: flags.auto_scan_ms.map(Duration::from_millis),
            ack_delay: Duration::from_millis(flags.ack_ms),
            ..Self::default()
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();

    let simulator = Simulator::start(Flags::parse().into()).await?;
    announce(&simulator);
    ended().await?;
    simulator.shutdown().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the line a script waits for")]
fn announce(simulator: &Simulator) {
    println!("WAHA simulator ready on {}", simulator.base_url());
}

/// Waits for SIGINT or SIGTERM.
async fn ended() -> std::io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

//! What can be set before the simulator starts.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde::Serialize;

use crate::engine::Engine;

/// Everything that can be set before the simulator starts.
///
/// The defaults are WAHA's own, but for the pauses that only cost a test time:
/// starting, stopping and acknowledging.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    /// Address to listen on; port 0 takes a free one.
    pub address: SocketAddr,
    /// The value `X-Api-Key` must have.
    pub api_key: String,
    /// The version reported by the server, its events and its `User-Agent`.
    pub version: String,
    /// The engine whose raw formats are answered.
    pub engine: Engine,
    /// How long a QR code waits before it is scanned by itself; `None` waits for `scan`.
    pub auto_scan_after: Option<Duration>,
    /// How long a session stays STARTING.
    pub starting_for: Duration,
    /// How long a running session takes to stop (WAHA takes three to four seconds).
    pub stopping_for: Duration,
    /// How long a call waits for a session that does not run.
    pub not_running_wait: Duration,
    /// How long a call waits for a running session in the wrong status.
    pub wrong_status_wait: Duration,
    /// The pause before each acknowledgement: SERVER, DEVICE, READ.
    pub ack_delay: Duration,
    /// Whether the `id` in a send is thrown away, as 2026.2.1 does.
    pub ignore_chosen_ids: bool,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            api_key: "simulator-key".to_owned(),
            version: "2026.7.1".to_owned(),
            engine: Engine::Noweb,
            auto_scan_after: None,
            starting_for: Duration::from_millis(20),
            stopping_for: Duration::ZERO,
            not_running_wait: Duration::from_secs(5),
            wrong_status_wait: Duration::from_secs(10),
            ack_delay: Duration::from_millis(20),
            ignore_chosen_ids: false,
        }
    }
}

impl SimulatorOptions {
    /// The description of itself that WAHA attaches to events and failures.
    pub(crate) fn environment(&self) -> Environment {
        Environment {
            version: self.version.clone(),
            engine: self.engine,
            tier: "CORE",
            browser: (self.engine == Engine::Webjs).then_some("/usr/bin/google-chrome-stable"),
            platform: "linux/x64",
            worker: Worker { id: None },
        }
    }
}

/// What runs: version, engine, platform. The field order is WAHA's.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Environment {
    version: String,
    engine: Engine,
    tier: &'static str,
    browser: Option<&'static str>,
    platform: &'static str,
    worker: Worker,
}

#[derive(Clone, Debug, Serialize)]
struct Worker {
    id: Option<String>,
}

//! A PostgreSQL of the run's own, which may be killed: `scripts/postgres`, on a port that stays.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use acceptance::port::Port;
use tokio::process::Command;
use tokio::time::sleep;

/// A PostgreSQL of the run's own.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    port: Port,
    url: String,
}

impl Server {
    /// A new one without any data, in place of one of this name.
    pub async fn start(name: &'static str) -> Self {
        let port = Port::reserve();
        script(&["remove", name], &port).await;
        let url = script(&["start", name], &port).await;
        Self { name, port, url }
    }

    /// Its database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `kill -9`, and a start after a while.
    pub async fn kill(&self, away: Duration) {
        script(&["kill", self.name], &self.port).await;
        sleep(away).await;
        let url = script(&["start", self.name], &self.port).await;
        assert_eq!(url, self.url, "it came back elsewhere");
    }

    /// Stops it and deletes its data.
    pub async fn remove(self) {
        script(&["remove", self.name], &self.port).await;
    }
}

/// What the script answers.
async fn script(arguments: &[&str], port: &Port) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
    let output = Command::new(path)
        .args(arguments)
        // Of two ports, a server takes the last it is told.
        .env("HELIOGRAPH_POSTGRES_OPTIONS", format!("-p {}", port.address().port()))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await
        .expect("scripts/postgres cannot be run");
    assert!(output.status.success(), "scripts/postgres {arguments:?} failed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

//! Two engines on one database, to be killed, put to sleep and started again.

use std::time::Duration;

use acceptance::port::Port;
use acceptance::process::{Environment, Process};
use acceptance::setup::Setup;
use tokio::time::sleep;

/// Two engines.
#[derive(Debug)]
pub struct Engines {
    ports: [Port; 2],
    environments: [Environment; 2],
    processes: [Option<Process>; 2],
    kills: u32,
}

impl Engines {
    /// None of them runs yet. WAHA is told of the first.
    pub fn new(setup: &Setup, database: &str, waha: &str) -> Self {
        let ports = [Port::reserve(), Port::reserve()];
        let public = ports[0].url();
        let environments = [&ports[0], &ports[1]].map(|port| {
            let options = database.parse().expect("scripts/postgres prints a URL");
            setup.clone().set("PUBLIC_URL", &public).environment(&options, waha, port.address())
        });
        Self { ports, environments, processes: [None, None], kills: 0 }
    }

    /// What a verb of the command line is told.
    pub fn environment(&self) -> &Environment {
        &self.environments[0]
    }

    /// Where they are.
    pub fn urls(&self) -> [String; 2] {
        [self.ports[0].url(), self.ports[1].url()]
    }

    /// How many were killed.
    pub const fn kills(&self) -> u32 {
        self.kills
    }

    /// Starts those that do not run.
    pub async fn start(&mut self) {
        for (process, environment) in self.processes.iter_mut().zip(&self.environments) {
            if process.is_none() {
                *process = Some(Process::serve(environment).await);
            }
        }
    }

    /// Kills some, and starts them again after a while.
    pub async fn kill(&mut self, engines: &[usize], away: Duration) {
        for engine in engines {
            if let Some(process) = self.processes[*engine].take() {
                process.kill().await;
                self.kills += 1;
            }
        }
        sleep(away).await;
        self.start().await;
    }

    /// Puts one to sleep for a while.
    pub async fn pause(&self, engine: usize, asleep: Duration) {
        if let Some(process) = &self.processes[engine] {
            process.signal("STOP").await;
            sleep(asleep).await;
            process.signal("CONT").await;
        }
    }

    /// Ends all of them, in order.
    pub async fn stop(&mut self) {
        for process in self.processes.iter_mut().filter_map(Option::take) {
            process.signal("TERM").await;
            let status = process.end().await;
            assert_eq!(status.code(), Some(0), "an engine did not end well");
        }
    }
}

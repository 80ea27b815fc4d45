//! Verbs, run as an operator runs them.

use std::process::Output;

use acceptance::port::Port;
use acceptance::process::{self, Environment};
use acceptance::setup::Setup;
use serde_json::Value;
use sqlx::PgPool;

/// What an operator's shell holds.
pub(super) struct Shell {
    pub(super) environment: Environment,
    pub(super) port: Port,
}

/// What a verb came to.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Shell {
    pub(super) fn new(database: &PgPool, waha_url: &str) -> Self {
        let port = Port::reserve();
        let database = database.connect_options();
        let environment = Setup::default().environment(&database, waha_url, port.address());
        Self { environment, port }
    }

    /// With a setting, or without one.
    pub(super) fn set(mut self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.environment.insert(name, value.to_owned()),
            None => self.environment.remove(name),
        };
        self
    }

    /// Runs a verb, with something on standard input.
    pub(super) async fn run_with(&self, line: &[&str], stdin: &str) -> Ended {
        let Output { status, stdout, stderr } = process::run(&self.environment, line, stdin).await;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
        Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Runs a verb.
    pub(super) async fn run(&self, line: &[&str]) -> Ended {
        self.run_with(line, "").await
    }

    /// Runs a verb that succeeds and prints one JSON value.
    pub(super) async fn json(&self, line: &[&str]) -> Value {
        self.run(&[line, &["--output", "json"]].concat()).await.json()
    }
}

impl Ended {
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:#?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Holds it to the contract of failures: exit code 1, nothing on standard output, the reason told.
    pub(super) fn assert_failed_because(&self, reasons: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(1), ""), "{self:#?}");
        for reason in reasons {
            assert!(self.stderr.contains(reason), "{reason} is not told: {self:#?}");
        }
    }
}

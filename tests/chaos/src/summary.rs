//! A run in numbers.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::checker::Findings;
use crate::evidence::Evidence;
use crate::settings::Settings;

/// A run in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Messages that were accepted.
    pub sends: usize,
    /// Accepted or sent, and gone.
    pub lost: usize,
    /// Sent more than once.
    pub duplicated: usize,
    /// Sent before an earlier message of their chat.
    pub reordered: usize,
    /// Waiting for nothing.
    pub stuck: usize,
    /// Shown as not sent, and sent.
    pub contradicted: usize,
    /// Shown as in doubt.
    pub unknown: usize,
    /// Of engines and of PostgreSQL, by `kill -9`.
    pub kills: u32,
    /// What everything random was drawn from.
    pub seed: u64,
    /// How long senders sent.
    pub seconds: u64,
}

impl Summary {
    /// The numbers of a run.
    pub fn of(settings: &Settings, evidence: &Evidence, findings: &Findings, kills: u32) -> Self {
        Self {
            sends: evidence.accepted.len(),
            lost: findings.lost.len(),
            duplicated: findings.duplicated.len(),
            reordered: findings.reordered.len(),
            stuck: findings.stuck.len(),
            contradicted: findings.contradicted.len(),
            unknown: findings.unknown.len(),
            kills,
            seed: settings.seed,
            seconds: settings.time.as_secs(),
        }
    }

    /// Writes `summary.json` into a directory, which is made if need be.
    pub fn write(&self, directory: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(directory)?;
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(directory.join("summary.json"), format!("{text}\n"))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sends,
            lost,
            duplicated,
            reordered,
            stuck,
            contradicted,
            unknown,
            kills,
            seed,
            seconds,
        } = self;
        write!(
            formatter,
            "seed {seed}: {sends} sends in {seconds} s under {kills} kills: {lost} lost, {duplicated} duplicated, \
             {reordered} reordered, {stuck} stuck, {contradicted} contradicted; {unknown} unknown"
        )
    }
}

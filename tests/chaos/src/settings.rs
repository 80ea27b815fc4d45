//! What a run is told, by the environment.

use std::path::PathBuf;
use std::time::Duration;

use domain::ports::Ambient;
use heliograph::ambient::SystemAmbient;

/// How long senders send, unless `CHAOS_SECONDS` says otherwise.
const SECONDS_DEFAULT: u64 = 120;

/// What a run is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What everything random is drawn from.
    pub seed: u64,
    /// How long senders send and strikes fall.
    pub time: Duration,
    /// The name of the private PostgreSQL.
    pub server: &'static str,
}

/// A setting that is none.
#[derive(Debug, thiserror::Error)]
#[error("{name} is {text:?}: set it to a whole number")]
pub struct InvalidSetting {
    name: &'static str,
    text: String,
}

impl Settings {
    /// As the environment says; without `CHAOS_SEED`, one that was never tried.
    pub fn read() -> Result<Self, InvalidSetting> {
        let fresh = u64::from(SystemAmbient.new_id().as_fields().0);
        Ok(Self {
            seed: number("CHAOS_SEED", fresh)?,
            time: Duration::from_secs(number("CHAOS_SECONDS", SECONDS_DEFAULT)?),
            server: "chaos",
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "read once, here")]
fn number(name: &'static str, default: u64) -> Result<u64, InvalidSetting> {
    match std::env::var(name).ok().filter(|text| !text.is_empty()) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| InvalidSetting { name, text }),
    }
}

/// `chaos/` in the target directory this program was built in.
pub fn output() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target.ok_or_else(|| std::io::Error::other("there is no target directory"))?.join("chaos"))
}

//! What a run is told, by the environment.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::BenchError;
use crate::part::Part;

/// How long each figure is measured in a round, unless `BENCH_SECONDS` says otherwise.
const SECONDS_DEFAULT: u64 = 5;
/// Events a rebuild reads, and messages that wait while memory is measured, unless `BENCH_EVENTS` says otherwise.
pub(crate) const EVENTS_DEFAULT: usize = 1_000_000;

/// What a run is told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// What is measured.
    pub(crate) parts: Vec<Part>,
    /// How long each figure is measured in a round.
    pub(crate) time: Duration,
    /// How many events and messages the large figures are taken with.
    pub(crate) events: usize,
    /// The server everything is measured on, as a URL that ends with a database's name.
    pub(crate) server: String,
    /// Where the results go.
    pub(crate) output: PathBuf,
}

impl Settings {
    pub(crate) fn read() -> Result<Self, BenchError> {
        let server = variable("DATABASE_URL").ok_or_else(|| {
            BenchError::failed("DATABASE_URL is not set: run scripts/bench, which starts a server")
        })?;
        Ok(Self {
            parts: parts(variable("BENCH_ONLY").as_deref())?,
            time: Duration::from_secs(number("BENCH_SECONDS", SECONDS_DEFAULT)?),
            events: number("BENCH_EVENTS", EVENTS_DEFAULT)?,
            server,
            output: output()?,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "read once, here")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn parts(only: Option<&str>) -> Result<Vec<Part>, BenchError> {
    let Some(only) = only else { return Ok(Part::ALL.to_vec()) };
    let part = |name: &str| {
        Part::parse(name).ok_or_else(|| {
            let names = Part::ALL.map(Part::as_str).join(", ");
            BenchError::failed(format!("BENCH_ONLY names {name:?}: choose among {names}"))
        })
    };
    only.split(',').map(|name| part(name.trim())).collect()
}

fn number<N: std::str::FromStr + PartialOrd + From<u8>>(
    name: &str,
    default: N,
) -> Result<N, BenchError> {
    let Some(text) = variable(name) else { return Ok(default) };
    text.parse().ok().filter(|number| *number >= N::from(1)).ok_or_else(|| {
        BenchError::failed(format!("{name} is {text:?}: set it to a whole number, 1 or more"))
    })
}

/// `bench/` in the target directory this program was built in.
fn output() -> Result<PathBuf, BenchError> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target.ok_or_else(|| BenchError::failed("no target directory"))?.join("bench"))
}

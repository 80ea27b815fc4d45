//! `make chaos`

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use chaos::run;
use chaos::settings::{self, Settings};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let settings = Settings::read()?;
    let Settings { seed, time, .. } = settings;
    let mut output = std::io::stdout();
    writeln!(
        output,
        "chaos: seed {seed}, {} s (again: CHAOS_SEED={seed} make chaos)",
        time.as_secs()
    )?;
    let outcome = run::run(&settings).await;
    write!(output, "chaos: {}", outcome.report())?;
    outcome.summary.write(&settings::output()?)?;
    Ok(if outcome.findings.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

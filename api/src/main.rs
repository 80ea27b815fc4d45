//! The binary `heliograph`.

use std::process::ExitCode;

use clap::Parser;
use heliograph::cli::Arguments;

fn main() -> ExitCode {
    heliograph::cli::run(Arguments::parse())
}

//! The binary `heliograph`.

use std::process::ExitCode;

use clap::Parser;
use heliograph::cli::Arguments;
use mimalloc::MiMalloc;

/// Checking a password takes 19 MB for a moment; glibc's allocator keeps them, six times over (134 MB after ten
/// sign-ins, against 19).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    heliograph::cli::run(Arguments::parse())
}

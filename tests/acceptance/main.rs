//! What Heliograph promises, proved from outside: over HTTP, at the command line, and by killing it.
//!
//! One story per file; comments name the requirements a file proves.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop"
)]

mod bad_input;
mod commands;
mod crashes;
mod dead_letters;
mod delivery;
mod idempotency;
mod identity;
mod main_path;
mod operation;
mod outages;
mod queries;
mod servers;
mod sessions;
mod tenancy;
mod webhooks;

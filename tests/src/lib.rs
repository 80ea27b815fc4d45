//! The stage of the acceptance tests: a whole Heliograph, a WAHA that can lie, and callers over HTTP.
//!
//! ```text
//! Caller --HTTP--> Installation (the engine, in this process) --HTTP--> Simulator
//!                        |     ^-------------- webhooks ------------------'
//!                   PostgreSQL, a database for each test      Proxy: cuts any of these lines
//! Process: the real binary instead, to be killed
//! ```
//!
//! Tests see what a client, WAHA or the command line sees, and nothing else; only tenants and users are made
//! directly, since making them is the command line's business.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on should stop"
)]

pub mod answer;
pub mod authenticator;
pub mod caller;
pub mod clock;
pub mod directory;
pub mod eventually;
pub mod installation;
pub mod keyed;
pub mod mailbox;
pub mod messages;
pub mod port;
pub mod process;
pub mod proxy;
pub mod sessions;
pub mod setup;
pub mod webhook;
pub mod wire;

//! Chaos: random sends, random lies of WAHA, random deaths of engines and PostgreSQL, and then an account of it.
//!
//! ```text
//! seed -> plan -> senders ---HTTP---> engine 0, engine 1 ---> simulator (lies)
//!                 strikes: kill -9, SIGSTOP, PostgreSQL's kill -9, WAHA restarted
//!    … then the lies end, everything is left in peace …
//! checker <- the simulator's ledger, GET /messages, heliograph log export
//! ```
//!
//! Invariant: the checker knows nothing of the engine; it reads what anybody can read, and counts what must not be.
//! One seed gives one plan; how it falls out is up to the machine.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a run that cannot go on should stop"
)]

pub mod checker;
pub mod engines;
pub mod evidence;
pub mod plan;
pub mod run;
pub mod senders;
pub mod server;
pub mod settings;
pub mod stage;
pub mod summary;

//! The event log: the contract on every store, and what PostgreSQL alone promises, a database for each test.
//!
//! ```text
//! contract    what every store promises                   E1, E2, E3, E7
//! eventstore  what a server must do wrong on purpose       E1, E2
//! batch       appends that share a commit, and poison          E4
//! severed     connections that break                           E1
//! order       the order of the whole log, without holes        E3
//! processes   the same with several processes, one killed      E3
//! wake        how soon a reader learns of an append            E7
//! partitions  months, and that history is not edited           E1
//! executing   commands that meet at one aggregate              E1
//! model       random commands, here and in a model in memory   E1
//! once        commands of a request that is carried out once   M8
//! idempotency_keys  such requests, and their answers           M8
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails, and so do those who help it"
)]

mod batch;
mod contract;
mod counts;
mod events;
mod eventstore;
mod executing;
mod idempotency_keys;
mod model;
mod once;
mod open_log;
mod order;
mod partitions;
mod processes;
mod relay;
mod severed;
mod wake;

//! The write side.
//!
//! ```text
//! executor     a command to one aggregate: load, decide, append, again if somebody was faster
//! access       who gets in: sign-ins, login sessions, locks, blocks
//! accounts     tenants and users are made
//! codec        events to and from their stored form
//! event_log    the log on PostgreSQL or EventStoreDB, and the contract of both
//! sagas        delivery, sessions, webhooks, mails: events in, commands and calls to WAHA out
//! connections  pools that try a connection only if it may be gone
//! moving       sessions from one WAHA server to another
//! mail         what users are told, and the links in it
//! leases       which process reads for which saga or projection
//! idempotency_keys  requests that are carried out once, and their answers
//! sealing      keeps secrets that must be read again; opaque_secret keeps the hashes of those that need not be
//! secrets      credentials, second_factors, passwords, session_keys, waha_servers, api_keys, oauth: what must never be in an event
//! ```
//!
//! Invariant: nothing here reads a read model, knows HTTP or knows the shape of WAHA's JSON.

pub mod access;
pub mod accounts;
pub mod api_keys;
pub mod codec;
pub mod connections;
pub mod credentials;
pub mod event_log;
pub mod executor;
pub mod idempotency_keys;
pub mod leases;
pub mod mail;
pub mod moving;
pub mod oauth;
pub mod opaque_secret;
pub mod passwords;
pub mod sagas;
pub mod sealing;
pub mod second_factors;
pub mod session_keys;
pub mod subdomains;
pub mod waha_servers;

//! Heliograph over HTTP: settings, authentication, one module per resource.
//!
//! ```text
//! settings    the environment, read once
//! routes      the table of all routes: one line each, with who may call it
//! router      serves the table, and what surrounds it: answer, guard, limits
//! resources   auth, api_keys, oauth, sessions, queue, messages, dead_letters, webhooks, waha_servers, health, metering
//! cli, serve  the command line, and the engine put together by roles; demo, logging, migrations, accounts, fleet
//! what comes in   extract (fields, bodies, queries, paths), caller, peer, request_id, accept, mount, paging, trace
//! what goes out   envelope, problem, read_your_write
//! ```
//!
//! Invariant: no SQL and no rule of the business is here. A handler reads values, asks the write side or the
//! read side, and writes the answer.

pub mod accept;
pub mod addresses;
pub mod ambient;
pub mod answer;
pub mod api_keys;
pub mod app;
pub mod audit;
pub mod auth;
pub mod caller;
pub mod cli;
pub mod dead_letters;
pub mod demo;
pub mod denied;
pub mod envelope;
pub mod event_store;
pub mod eventually;
pub mod extract;
mod fleet;
pub mod guard;
pub mod health;
pub mod idempotency;
pub mod logging;
pub mod messages;
pub mod metering;
pub mod migrations;
pub mod mount;
pub mod oauth;
pub mod openapi;
pub mod paging;
pub mod peer;
pub mod problem;
pub mod provenance;
pub mod queue;
pub mod rate_limit;
pub mod read_your_write;
pub mod request_id;
pub mod roles;
pub mod router;
pub mod routes;
pub mod serve;
pub mod sessions;
pub mod settings;
pub mod tenants;
pub mod token;
pub mod trace;
pub mod users;
pub mod waha_servers;
pub mod webhooks;
pub mod well_known;

//! The simulator is held to the recordings, and its misbehaviour to its promises.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod capture;
mod client;
mod eventually;
mod json_likeness;
mod lifecycle;
mod misbehaving;
mod program;
mod receiver;
mod recorded_answers;
mod recorded_webhooks;
mod routes;
mod sending;
mod webhooks;

//! The rules of Heliograph, and nothing that does IO.
//!
//! ```text
//! values       id, command_id, phone, body, priority, email, whatsapp, access, origin, label, causes
//! aggregates   message, session, webhook, waha_server,
//!              tenant, user, login_session, address, refusal, api_key, oauth_client                    (decide, evolve)
//! sagas        sagas::delivery, sagas::sessions, sagas::webhooks        (react)
//! the outside  ports                                                    (traits to satisfy)
//! ```
//!
//! Invariant: every function here is a pure function of its arguments. Time, randomness and ids
//! are fields of the command; no crate that can read a clock, a socket or a disk is a dependency.

pub mod access;
pub mod address;
pub mod aggregate;
pub mod api_key;
pub mod body;
pub mod causes;
pub mod command_id;
pub mod email;
pub mod event;
pub mod id;
pub mod label;
pub mod login_session;
pub mod message;
pub mod oauth_client;
pub mod origin;
pub mod phone;
pub mod place;
pub mod ports;
pub mod priority;
pub mod refusal;
pub mod sagas;
pub mod session;
pub mod stream;
pub mod subdomain;
pub mod tenant;
pub mod user;
pub mod waha_server;
pub mod webhook;
pub mod whatsapp;

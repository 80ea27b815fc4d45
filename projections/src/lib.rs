//! The read side: carries events from the log into views, and answers questions from the views alone.
//!
//! ```text
//! event log --> projector --> messages          the messages as they are, their counts (stats) and
//!                                               attempts (dead_letters)
//!                         --> message_history   what happened to each
//!                         --> sessions, webhook_log, tenants
//!                         --> users, login_sessions, security_events, blocked_addresses, api_keys, oauth_clients
//!                                   ^
//! API ---- read_models -------------'           one tenant at a time, behind row-level security
//! ```
//!
//! Invariant: a view is a fold of the log and of nothing else, so it can be thrown away and built again.
//! Nothing here appends an event or decides anything, and no decision reads a view.

pub mod api_keys;
mod batch;
pub mod blocked_addresses;
pub mod build;
pub mod dead_letters;
pub mod login_sessions;
pub mod message_history;
pub mod messages;
pub mod oauth_clients;
pub mod page;
mod progress;
pub mod projector;
pub mod read_models;
pub mod security_events;
pub mod sessions;
pub mod stats;
pub mod tenants;
mod touched;
pub mod users;
pub mod webhook_log;

#[cfg(test)]
mod testing;

use std::sync::Arc;

use projector::Projection;

/// Every projection of this version.
pub fn all() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(messages::Messages),
        Arc::new(message_history::MessageHistory),
        Arc::new(sessions::Sessions),
        Arc::new(webhook_log::WebhookLog),
        Arc::new(tenants::Tenants),
        Arc::new(users::Users),
        Arc::new(login_sessions::LoginSessions),
        Arc::new(security_events::SecurityEvents),
        Arc::new(blocked_addresses::BlockedAddresses),
        Arc::new(api_keys::ApiKeys),
        Arc::new(oauth_clients::OAuthClients),
    ]
}

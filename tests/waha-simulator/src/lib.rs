#![doc = include_str!("../README.md")]

mod api;
mod clock;
mod connection;
mod engine;
mod identifiers;
mod interception;
mod ledger;
mod lifecycle;
mod message;
mod messaging;
mod misbehaviour;
mod nest;
mod options;
mod qr;
mod readiness;
mod session;
mod session_config;
mod simulator;
mod waha;
mod webhook;

pub use engine::Engine;
pub use ledger::{LedgerEntry, Outcome};
pub use message::ChatMessage;
pub use misbehaviour::{Match, Misbehaviour, Rule};
pub use options::SimulatorOptions;
pub use session::SessionStatus;
pub use simulator::{Impossible, Simulator, StartError};
pub use webhook::attempt::WebhookAttempt;

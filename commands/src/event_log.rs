//! The event log's stores, and the contract each of them keeps.

pub mod contract;
pub mod eventstore;
pub mod postgres;

mod head;

//! The event log's stores, and the contract each of them keeps.

pub mod contract;
pub mod eventstore;
pub mod postgres;
pub mod shared_reads;

mod head;

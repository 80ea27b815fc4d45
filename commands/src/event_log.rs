//! The event log's stores.

pub mod postgres;

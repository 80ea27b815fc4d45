//! Work that one process does at a time.
//!
//! A lease says whose turn it is. Its fencing token grows with every change of owner, and is handed to whatever
//! is written on the strength of the lease, which refuses a smaller one than it has seen: so an owner that was
//! paused past its lease cannot write when it wakes.

use std::fmt;

use async_trait::async_trait;

/// What is leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// A part of a saga that one process does.
    Saga(&'static str),
    /// A projection.
    Projection(&'static str),
}

/// The name of the lease.
impl fmt::Display for Work {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saga(name) => write!(formatter, "saga {name}"),
            Self::Projection(name) => write!(formatter, "projection {name}"),
        }
    }
}

/// How many owners a lease has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FencingToken(pub u64);

/// The leases of one process.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes or keeps the lease: its token, or none while another process owns it. Made to be called before
    /// every piece of work: the store is asked only for a lease that is not surely held.
    async fn hold(&self, work: Work) -> Result<Option<FencingToken>, LeaseError>;
}

/// The leases are out of reach; trying later may help.
#[derive(Debug, thiserror::Error)]
#[error("the leases cannot be read")]
pub struct LeaseError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

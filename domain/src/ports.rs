//! What the outside must provide: a log, WAHA, and the ambient facts.

pub mod event_log;
pub mod leases;
pub mod missed;
pub mod waha;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Time, ids and randomness, for those at the edge who fill commands with them.
pub trait Ambient: Send + Sync {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;

    /// A new id, version 7: later ids sort after earlier ones.
    fn new_id(&self) -> Uuid;

    /// A random number in [0, 1).
    fn fraction(&self) -> f64;
}

//! The machine's clock.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ports::Ambient;
use heliograph::ambient::SystemAmbient;

/// Now, as precisely as PostgreSQL keeps times.
pub fn now() -> DateTime<Utc> {
    let now = SystemAmbient.now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

/// In so many milliseconds, as the API takes it.
pub fn in_ms(milliseconds: i64) -> String {
    (now() + TimeDelta::milliseconds(milliseconds)).to_rfc3339()
}

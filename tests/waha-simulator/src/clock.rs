//! Time and chance: the only file that reads either.

use chrono::{DateTime, Utc};

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "a test program: nothing replays its decisions")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Milliseconds since 1970, the unit of WAHA's event times.
pub(crate) fn now_ms() -> i64 {
    now().timestamp_millis()
}

/// A source of chance.
#[expect(clippy::disallowed_methods, reason = "a test program: its ids need only be unique")]
pub(crate) fn chance() -> impl rand::Rng {
    rand::rng()
}

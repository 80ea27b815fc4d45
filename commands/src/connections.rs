//! Connections that are tried only when they may be gone.
//!
//! A pool that tries each connection before it gives it away doubles the round trips. One that was in use a moment ago
//! is there in all likelihood; where it is not, what was asked of it fails, and is asked again by whoever wants it.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgPoolOptions;

/// A connection unused for so long may be gone: it is tried before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A pool's options, such that connections in use a moment ago are trusted.
pub fn trusting(options: PgPoolOptions) -> PgPoolOptions {
    options.test_before_acquire(false).before_acquire(|connection, meta| {
        Box::pin(async move {
            if meta.idle_for < TRUSTED_FOR {
                return Ok(true);
            }
            connection.ping().await.map(|()| true)
        })
    })
}

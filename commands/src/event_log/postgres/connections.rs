//! How the log connects: apart from everybody else, with plans the server keeps.
//!
//! Planning an append, or the read of a stream, costs up to four times carrying it out, so the server should keep its
//! plan (measured: twice the appends of a single writer, half as many again of 32). A kept plan must suit the table it
//! will meet: one made while a table is small would go through all of it later, unless that is forbidden. And one made
//! for a position near the log's end, of which the statistics do not know yet, would expect next to nothing there and
//! sort all there is: a plan for any position does not.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::connections::trusting;

/// Reads of the log at a time.
const READERS_MAX: u32 = 10;
/// How long anybody waits for a connection before it fails.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// For appenders, this many.
pub(super) fn appenders(pool: &PgPool, count: u32) -> PgPool {
    options(count).connect_lazy_with(server(pool, "heliograph appender", "auto"))
}

/// For readers.
pub(super) fn readers(pool: &PgPool) -> PgPool {
    let server = server(pool, "heliograph reader", "force_generic_plan");
    options(READERS_MAX).connect_lazy_with(server)
}

fn server(pool: &PgPool, name: &str, plan_cache_mode: &str) -> PgConnectOptions {
    PgConnectOptions::clone(&pool.connect_options())
        .application_name(name)
        .options([("plan_cache_mode", plan_cache_mode), ("enable_seqscan", "off")])
}

fn options(connections_max: u32) -> PgPoolOptions {
    let options =
        PgPoolOptions::new().max_connections(connections_max).acquire_timeout(CONNECT_TIMEOUT);
    trusting(options)
}

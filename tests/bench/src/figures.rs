//! Every figure: its key in `summary.json`, what it is, and what it should be.

use crate::part::Part;

/// A figure.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) key: &'static str,
    pub(crate) part: Part,
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    pub(crate) target: Option<Target>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    PerSecond,
    Times,
    Milliseconds,
    Microseconds,
    Megabytes,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

use Part::{Access, Append, Crowd, Delivery, Memory, Queues, Rebuild, Recovery, Send};
use Target::{AtLeast, AtMost};
use Unit::{Megabytes, Microseconds, Milliseconds, PerSecond, Times};

macro_rules! figures {
    ($($key:ident: $part:ident, $unit:ident, $target:expr, $what:literal;)+) => {
        /// In the order of the table.
        pub(crate) const ALL: &[Figure] = &[$(Figure {
            key: stringify!($key),
            part: $part,
            what: $what,
            unit: $unit,
            target: $target,
        }),+];
    };
}

figures! {
    pgbench_tps: Append, PerSecond, None, "pgbench: single rows like ours, 32 clients";
    append_1_per_second: Append, PerSecond, None, "appends to new streams, 1 caller";
    append_32_per_second: Append, PerSecond, None, "… 32 callers";
    append_64_per_second: Append, PerSecond, None, "… 64 callers";
    append_256_per_second: Append, PerSecond, None, "… 256 callers";
    command_256_per_second: Append, PerSecond, None, "commands (load, decide, append), 256 callers";
    append_1_vs_pgbench: Append, Times, None, "appends / pgbench, 1 caller";
    append_32_vs_pgbench: Append, Times, None, "… 32 callers";
    append_64_vs_pgbench: Append, Times, Some(AtLeast(2.0)), "… 64 callers";
    append_256_vs_pgbench: Append, Times, Some(AtLeast(2.5)), "… 256 callers";
    command_256_vs_pgbench: Append, Times, None, "commands / pgbench, 256 callers";
    postgres_es_per_second: Append, PerSecond, None, "postgres-es: one event to a new stream, 32 clients";
    esrs_per_second: Append, PerSecond, None, "esrs: the same";
    append_vs_postgres_es: Append, Times, None, "appends / postgres-es, 32 callers each";
    append_vs_esrs: Append, Times, None, "appends / esrs, 32 callers each";
    http_send_per_second: Send, PerSecond, None, "POST /messages/send, 64 connections";
    http_send_vs_pgbench: Send, Times, Some(AtLeast(0.5)), "sends / pgbench";
    http_send_p50_ms: Send, Milliseconds, None, "time to the 202, half of the sends";
    http_send_p99_ms: Send, Milliseconds, Some(AtMost(50.0)), "… 99 of 100";
    argon2_per_second: Access, PerSecond, None, "Argon2id hashes verified, two at a time";
    sign_ins_per_second: Access, PerSecond, None, "POST /auth/login, 4 connections";
    sign_ins_vs_argon2: Access, Times, None, "sign-ins / hashes verified";
    open_us: Access, Microseconds, None, "an answer to anybody, half of them";
    guarded_us: Access, Microseconds, None, "an answer to somebody signed in, half of them";
    guard_us: Access, Microseconds, None, "… which is more by";
    revocation_p50_ms: Access, Milliseconds, None, "from the asking that a login session end to its refusal by another process, half";
    revocation_max_ms: Access, Milliseconds, Some(AtMost(1_000.0)), "… all of fifty";
    delivery_per_second: Delivery, PerSecond, None, "messages carried to WAHA, with acknowledgements";
    send_to_waha_p50_ms: Delivery, Milliseconds, None, "from the 202 to the call at WAHA, half";
    send_to_waha_p99_ms: Delivery, Milliseconds, None, "… 99 of 100";
    crowd_queued_per_second: Crowd, PerSecond, None, "100,000 messages of one tenant taken in by views and sagas";
    crowded_p50_ms: Crowd, Milliseconds, None, "from the 202 to the call at WAHA while another tenant has 100,000 queued, half";
    crowded_p99_ms: Crowd, Milliseconds, None, "… 99 of 100";
    direct_calls_per_second: Recovery, PerSecond, None, "WAHA called directly, 64 calls at a time";
    restart_to_send_ms: Recovery, Milliseconds, None, "from the start of an engine after kill -9 to the call for a message that was accepted";
    takeover_to_send_ms: Recovery, Milliseconds, None, "from kill -9 to the call for a message the other engine accepts";
    takeover_to_doubt_ms: Recovery, Milliseconds, None, "… until the other knows that a message on its way is in doubt";
    bulk_rows_per_second: Rebuild, PerSecond, None, "INSERT … SELECT unnest, 1000 rows a statement";
    rebuild_events_per_second: Rebuild, PerSecond, None, "events projected into the messages view";
    rebuild_vs_bulk: Rebuild, Times, Some(AtLeast(0.5)), "events projected / rows inserted in bulk";
    idle_rss_mb: Memory, Megabytes, Some(AtMost(60.0)), "memory of the engine, idle";
    queued_1m_rss_mb: Memory, Megabytes, Some(AtMost(200.0)), "… with a million messages queued";
    queued_1m_peak_mb: Memory, Megabytes, None, "… at most while they were queued";
    bullmq_add_per_second: Queues, PerSecond, None, "BullMQ, fsync always: jobs added singly, 32 callers";
    bullmq_jobs_per_second: Queues, PerSecond, None, "… jobs done";
    graphile_worker_add_per_second: Queues, PerSecond, None, "graphile-worker: jobs added singly, 32 callers";
    graphile_worker_jobs_per_second: Queues, PerSecond, None, "… jobs done";
}

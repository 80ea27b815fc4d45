//! Up to where no event can come any more.
//!
//! A transaction that has a number and stays open, anywhere in the cluster, might append below what is shown. Most
//! cannot: a projection writing its view, somebody's import, a session left idle. Those that can hold a lock on
//! `events`, and held it before they had a number, for an append is a single statement: PostgreSQL locks a
//! statement's tables before it runs it, and gives out the number at the first row written.
//!
//! ```text
//! one statement   snapshot: which transactions are open   (taken as it begins)
//!                 locks: which of them can append         (looked at afterwards)
//! the next one    read the events below the oldest of these
//! ```
//!
//! An appender that was open in the snapshot and holds no lock any more has ended in between, and since a
//! transaction is seen by others before its locks are gone, the next statement sees its events. One that was not
//! open in the snapshot has a number beyond it. So nothing is skipped.
//!
//! Invariant: whatever writes to `events` does so with the first row its transaction writes.

use domain::stream::Position;
use sqlx::PgPool;

/// Whether there are events after `after`, shown or not.
pub(super) async fn hides_events(pool: &PgPool, after: Position) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (
             select from events where (transaction_id, position) > ($1::text::xid8, $2))",
    )
    .bind(after.first.to_string())
    .bind(after.second.cast_signed())
    .fetch_one(pool)
    .await
}

/// The oldest transaction that may still append, or else the next one to be.
pub(super) async fn find(pool: &PgPool) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(
        "with locks as materialized (
             select locktype, database, relation, mode, granted, virtualtransaction, transactionid
             from pg_locks
         ),
         appenders as (
             select number.transactionid
             from locks as on_events
             join locks as number using (virtualtransaction)
             where on_events.locktype = 'relation' and on_events.granted
               and on_events.relation = 'events'::regclass
               and on_events.database = (
                   select oid from pg_database where datname = current_database())
               and on_events.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock',
                                      'ExclusiveLock', 'AccessExclusiveLock')
               and number.locktype = 'transactionid' and number.granted
               and number.mode = 'ExclusiveLock'
         )
         select coalesce(min(open), pg_snapshot_xmax(pg_current_snapshot()))::text
         from pg_snapshot_xip(pg_current_snapshot()) as open
         where open::xid in (select transactionid from appenders)",
    )
    .fetch_one(pool)
    .await
}

//! A process dies, or sleeps and wakes cut off, at every place that has a name, one after the other; each time the
//! next process puts right what is left, and the simulator's ledger agrees with the log (D1, D5, D9, W2, W3).
//!
//! What came of the deaths is the table in docs/guarantees.md; `UPDATE_DOCS=1` writes it anew.

mod account;
mod occasion;
mod scene;
mod slumber;
mod table;

use failpoint::Failpoint;
use futures::{StreamExt, stream};
use sqlx::PgPool;

/// Scenes played at a time: most of each is waiting for leases to run out.
const AT_ONCE: usize = 3;
/// The same with two processes each, whose connections are many.
const ASLEEP_AT_ONCE: usize = 2;

#[sqlx::test(migrations = false)]
async fn wherever_a_process_dies_nothing_is_lost_and_nothing_is_sent_twice(pool: PgPool) {
    let mut rows: Vec<_> = stream::iter(Failpoint::ALL)
        .map(|point| async { (*point, scene::death(&pool, *point).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    rows.sort_by_key(|(point, _)| *point);
    table::hold(&rows);
}

#[sqlx::test(migrations = false)]
async fn wherever_a_process_sleeps_past_its_leases_and_wakes_cut_off_the_same_holds(pool: PgPool) {
    stream::iter(Failpoint::ALL)
        .for_each_concurrent(ASLEEP_AT_ONCE, async |point| slumber::play(&pool, *point).await)
        .await;
}

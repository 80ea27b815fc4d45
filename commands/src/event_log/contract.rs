//! What every event log promises, as cases that any store can be put to: in the tests, and by an operator on a
//! server of theirs (`heliograph event-store check`).
//!
//! ```text
//! appending  versions and conflicts            E1      outages    broken lines, absent servers    E1, E7
//! repeats    the same append again             E1      strangers  what is not ours, or unknown    E2
//! reading    what was written reads back       E2      store      what a case needs of a store
//! order      one order, no hole, live          E3, E7  stage      what a case stands on
//!                                                      scratch, server   the stores there are
//! ```
//!
//! Invariant: a case makes its own tenant and leaves everybody else alone, so the cases can be run on a server
//! that is in use.

mod appending;
mod order;
mod outages;
mod reading;
mod relay;
mod repeats;
mod scratch;
mod server;
mod stage;
mod store;
mod strangers;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ports::Ambient;
use futures::future::BoxFuture;
use serde::Serialize;

pub use scratch::Scratch;
pub use server::EventStoreServer;
use stage::{Failure, Stage};
pub use store::Store;

/// Far more than any case takes: what has not ended by then never ends.
const CASE_TIME_MAX: Duration = Duration::from_mins(3);

/// One promise.
struct Case {
    name: &'static str,
    keep: for<'a> fn(&'a Stage) -> BoxFuture<'a, Result<(), Failure>>,
}

macro_rules! cases {
    ($($group:ident: $($case:ident),+ $(,)?;)+) => {
        const CASES: &[Case] = &[$($(
            Case { name: stringify!($case), keep: |stage| Box::pin($group::$case(stage)) }
        ),+),+];
    };
}

cases! {
    appending:
        versions_count_a_streams_events_from_one,
        a_stream_that_is_not_as_expected_refuses_and_is_left_alone,
        an_append_that_expects_nothing_follows_whatever_is_there,
        an_append_of_nothing_is_refused,
        of_writers_that_meet_at_one_version_exactly_one_wins,
        writers_that_expect_nothing_all_win_and_leave_no_hole,
        the_same_id_under_another_tenant_names_another_stream;
    repeats:
        a_repeated_append_tells_where_its_events_are_and_adds_none,
        repeats_that_meet_are_appended_once,
        an_append_that_holds_a_part_of_another_is_a_conflict;
    reading:
        a_stream_reads_back_as_it_was_written,
        a_stream_tells_how_many_events_it_holds_as_soon_as_they_are_appended,
        a_large_event_reads_back_whole,
        a_long_stream_reads_back_whole_and_in_order,
        the_whole_log_is_read_page_by_page_in_one_order;
    order:
        every_reader_sees_every_event_once_and_in_one_order_while_many_write,
        a_reader_catches_up_and_goes_on_live_without_a_hole_or_a_repeat,
        an_append_elsewhere_wakes_a_reader_that_waits;
    outages:
        an_append_whose_line_breaks_is_carried_out_once,
        while_the_server_is_away_calls_fail_and_then_they_succeed,
        a_reader_goes_on_where_it_was_when_its_line_broke,
        a_wrong_password_is_told;
    strangers:
        what_others_keep_on_the_same_server_is_passed_over,
        an_event_of_an_unknown_type_stops_its_readers_and_is_named;
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The promise, as a sentence.
    pub case: String,
    /// Whether it is kept.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long it took, in milliseconds.
    pub duration_ms: u128,
}

/// Whether a promise is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "camelCase")]
pub enum Verdict {
    /// It is.
    Passed,
    /// It is not, for this reason.
    Failed(String),
    /// It could not be put to the test, for this reason.
    Skipped(String),
}

impl Outcome {
    /// Whether the promise was broken.
    pub const fn is_failure(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, verdict, duration_ms } = self;
        match verdict {
            Verdict::Passed => write!(formatter, "ok    {case} ({duration_ms} ms)"),
            Verdict::Failed(reason) => {
                write!(formatter, "FAIL  {case} ({duration_ms} ms)\n      {reason}")
            }
            Verdict::Skipped(reason) => write!(formatter, "skip  {case}\n      {reason}"),
        }
    }
}

/// Puts a store to every case, one after the other, telling of each when it is done.
pub async fn check(
    store: Arc<dyn Store>,
    ambient: Arc<dyn Ambient>,
    mut tell: impl FnMut(&Outcome),
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(CASES.len());
    for case in CASES {
        let stage = Stage::new(Arc::clone(&store), Arc::clone(&ambient));
        let since = Instant::now();
        let verdict = match tokio::time::timeout(CASE_TIME_MAX, (case.keep)(&stage)).await {
            Ok(Ok(())) => Verdict::Passed,
            Ok(Err(Failure::Broken(reason))) => Verdict::Failed(reason),
            Ok(Err(Failure::Skipped(reason))) => Verdict::Skipped(reason.to_owned()),
            Err(_) => Verdict::Failed(format!("it did not end in {CASE_TIME_MAX:?}")),
        };
        let outcome = Outcome {
            case: case.name.replace('_', " "),
            verdict,
            duration_ms: since.elapsed().as_millis(),
        };
        tell(&outcome);
        outcomes.push(outcome);
    }
    outcomes
}

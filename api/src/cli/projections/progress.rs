//! How far a build has come: a bar on a terminal, a line now and then elsewhere. On standard error, because the
//! result goes to standard output.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use projections::build::{Phase, Progress};
use tokio::sync::watch;
use tokio::time::interval;

const BAR_EVERY: Duration = Duration::from_millis(200);
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Characters of the bar.
const BAR_WIDTH: u64 = 30;
/// Ends a line of a terminal that is written over.
const CLEAR_REST: &str = "\x1b[K";

/// Does the work, and shows how far it is.
pub(super) async fn shown<T>(
    name: &str,
    progress: watch::Receiver<Progress>,
    work: impl Future<Output = T>,
) -> T {
    let is_terminal = stderr().is_terminal();
    let began = Instant::now();
    let mut ticks = interval(if is_terminal { BAR_EVERY } else { LINE_EVERY });
    tokio::pin!(work);
    loop {
        tokio::select! {
            result = &mut work => {
                if is_terminal {
                    show(&format!("\r{CLEAR_REST}"));
                }
                return result;
            }
            _ = ticks.tick() => {
                let line = line(name, &progress.borrow(), began.elapsed());
                show(&if is_terminal { format!("\r{line}{CLEAR_REST}") } else { format!("{line}\n") });
            }
        }
    }
}

/// Nobody is there to be told if standard error is closed.
fn show(text: &str) {
    let mut stderr = stderr();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn line(name: &str, Progress { phase, events, total }: &Progress, elapsed: Duration) -> String {
    let what = match phase {
        Phase::Loading => "loading",
        Phase::Indexing => "making indexes",
        Phase::Switching => "switching as soon as nobody reads the live view",
        Phase::Comparing => "comparing",
    };
    let total = (*total).max(*events);
    let done = (events * BAR_WIDTH).checked_div(total).unwrap_or(0);
    let bar: String = (0..BAR_WIDTH).map(|at| if at < done { '#' } else { '-' }).collect();
    let percent = (events * 100).checked_div(total).unwrap_or(0);
    let mut line = format!("{name}  [{bar}] {percent:>3} %  {events} of {total} events  {what}");
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = events.saturating_mul(1000) / milliseconds;
    if *phase == Phase::Loading && per_second > 0 {
        let left = (total - events) / per_second;
        line = format!("{line}, {per_second}/s, {left} s left");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_how_fast_and_how_long_still() {
        let progress = |phase, events, total| Progress { phase, events, total };
        let two_seconds = Duration::from_secs(2);
        assert_eq!(
            line("messages", &progress(Phase::Loading, 50_000, 200_000), two_seconds),
            "messages  [#######-----------------------]  25 %  50000 of 200000 events  loading, \
             25000/s, 6 s left"
        );
        assert_eq!(
            line("messages", &progress(Phase::Indexing, 210_000, 200_000), two_seconds),
            "messages  [##############################] 100 %  210000 of 210000 events  making indexes"
        );
        let nothing = line("tenants", &Progress::default(), Duration::ZERO);
        assert_eq!(
            nothing,
            "tenants  [------------------------------]   0 %  0 of 0 events  loading"
        );
    }
}

//! Waiting for a fact, never for time.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks: at first little, then more, for a look is work for those who are waited for.
const STEP_FIRST: Duration = Duration::from_millis(10);
const STEP_LAST: Duration = Duration::from_millis(160);

/// Looks until what is seen is so. Gives up after 20 seconds, telling what was seen last.
pub async fn eventually<T: Debug>(
    what: &str,
    look: impl AsyncFnMut() -> T,
    is_so: impl Fn(&T) -> bool,
) -> T {
    within(PATIENCE, what, look, is_so).await
}

/// The same with another patience.
pub async fn within<T: Debug>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> T,
    is_so: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + patience;
    let mut step = STEP_FIRST;
    loop {
        let seen = look().await;
        if is_so(&seen) {
            return seen;
        }
        assert!(
            Instant::now() < deadline,
            "in {patience:?} this did not come about: {what}. Last seen: {seen:#?}"
        );
        sleep(step).await;
        step = (step * 2).min(STEP_LAST);
    }
}

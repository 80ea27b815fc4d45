//! Waiting for a fact instead of for time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// Looks again and again until the fact is there, and fails when patience ends.
pub(crate) async fn eventually<T>(fact: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "in vain: {fact}");
        sleep(PAUSE).await;
    }
}

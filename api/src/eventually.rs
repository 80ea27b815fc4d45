//! Waits for what is on its way: a view that follows the log, a saga that follows a request.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks again and again until `look` finds something or the time is over.
pub async fn eventually<T, E, F>(
    time_max: Duration,
    mut look: impl FnMut() -> F,
) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    let deadline = Instant::now() + time_max;
    loop {
        let found = look().await?;
        if found.is_some() || Instant::now() >= deadline {
            return Ok(found);
        }
        sleep(PAUSE).await;
    }
}

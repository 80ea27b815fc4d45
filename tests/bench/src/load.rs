//! Callers that call as fast as they are answered.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::error::BenchError;

/// What callers came to.
#[derive(Debug)]
pub(crate) struct Load {
    /// How long each call took, in order of length.
    latencies: Vec<Duration>,
    elapsed: Duration,
}

/// As many callers as there are calls call for this long. `call` makes one call; it is given its own state
/// and gives it back.
pub(crate) async fn press<S, C, F>(
    callers: Vec<S>,
    time: Duration,
    call: C,
) -> Result<Load, BenchError>
where
    S: Send + 'static,
    C: Fn(S) -> F + Clone + Send + 'static,
    F: Future<Output = Result<S, BenchError>> + Send,
{
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for mut state in callers {
        let call = call.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while started.elapsed() < time {
                let called = Instant::now();
                state = call(state).await?;
                latencies.push(called.elapsed());
            }
            Ok::<_, BenchError>(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(caller) = tasks.join_next().await {
        latencies.extend(caller??);
    }
    Ok(Load::new(latencies, started.elapsed()))
}

impl Load {
    pub(crate) fn new(mut latencies: Vec<Duration>, elapsed: Duration) -> Self {
        latencies.sort_unstable();
        Self { latencies, elapsed }
    }

    pub(crate) fn per_second(&self) -> f64 {
        per_second(self.latencies.len(), self.elapsed)
    }

    /// The latency that so many in a hundred calls keep to.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let place = (self.latencies.len() * percent).div_ceil(100).max(1) - 1;
        self.latencies.get(place).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// So many in a time.
#[expect(clippy::cast_precision_loss, reason = "a count is far smaller than 2^52")]
pub(crate) fn per_second(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

//! Following the log, step by step, for as long as the process lives.

use std::time::Duration;

use domain::ports::event_log::EventLog;
use domain::stream::Position;
use tokio_util::sync::CancellationToken;

use super::SagaError;

/// What a step came to.
pub(super) enum Step {
    /// There may be more at once.
    Advanced,
    /// There is nothing after this position, or it is another process's turn.
    Idle(Position),
}

/// Something that follows the log.
pub(super) trait Follower: Sync {
    /// What it is called in the log file.
    const NAME: &'static str;

    /// Reads and handles the next events.
    fn step(&self) -> impl Future<Output = Result<Step, SagaError>> + Send;
}

const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// Takes steps until `shutdown`.
pub(super) async fn follow<F: Follower>(
    follower: &F,
    log: &dyn EventLog,
    shutdown: &CancellationToken,
) {
    let mut retry_wait = RETRY_FIRST;
    while !shutdown.is_cancelled() {
        let pause = async {
            match follower.step().await {
                Ok(Step::Advanced) => retry_wait = RETRY_FIRST,
                Ok(Step::Idle(after)) => {
                    retry_wait = RETRY_FIRST;
                    log.wait(after).await;
                }
                Err(error) => {
                    complain(F::NAME, &error);
                    tokio::time::sleep(retry_wait).await;
                    retry_wait = (retry_wait * 2).min(RETRY_LAST);
                }
            }
        };
        tokio::select! {
            () = pause => {}
            () = shutdown.cancelled() => return,
        }
    }
}

fn complain(saga: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::error!(saga, error, "a saga stumbled; it will try again");
}

/// Takes steps until there is nothing left to read.
pub(super) async fn catch_up<F: Follower>(follower: &F) -> Result<(), SagaError> {
    while let Step::Advanced = follower.step().await? {}
    Ok(())
}

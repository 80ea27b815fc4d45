//! Following the log, step by step, for as long as the process lives.

use std::sync::Arc;
use std::time::Duration;

use domain::causes;
use domain::ports::event_log::{EventLog, RecordedEvent};
use domain::stream::Position;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::SagaError;
use super::checkpoint::{Checkpoint, Standing};

/// What a step came to.
pub(super) enum Step {
    /// There may be more at once.
    Advanced,
    /// There is nothing after this position.
    Idle(Position),
    /// It is another process's turn.
    Elsewhere,
}

/// Something that follows the log.
pub(super) trait Follower: Sync {
    /// How far it has come.
    fn checkpoint(&self) -> &Checkpoint;

    /// Reads and handles the next events.
    fn step(&self) -> impl Future<Output = Result<Step, SagaError>> + Send;
}

/// What a read of the log came to.
pub(super) enum Read {
    /// Events, some of concern, the last of them at `to`.
    Events { events: Vec<Arc<RecordedEvent>>, to: Position },
    /// Nothing of concern: all of the step.
    Nothing(Step),
}

/// Reads on. What is of no concern is passed over, and the checkpoint follows when there is nothing more, or no
/// more can be read.
pub(super) async fn read<F: Follower>(
    follower: &F,
    log: &dyn EventLog,
    from: Standing,
    limit: u16,
    concerns: impl Fn(&RecordedEvent) -> bool + Send,
) -> Result<Read, SagaError> {
    let checkpoint = follower.checkpoint();
    let (is_ours, step) = match log.read_all(from.at(), limit).await {
        Ok(events) => match events.last().map(|last| last.position) {
            Some(to) if events.iter().any(|event| concerns(event)) => {
                return Ok(Read::Events { events, to });
            }
            Some(to) => (checkpoint.pass(from, to, events.len()).await?, Step::Advanced),
            None => (checkpoint.settle(from).await?, Step::Idle(from.at())),
        },
        Err(error) => {
            checkpoint.settle(from).await?;
            return Err(error.into());
        }
    };
    Ok(Read::Nothing(if is_ours { step } else { Step::Elsewhere }))
}

const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(5);
/// Steps begin this far apart at least: what comes meanwhile is taken together. The first event after a pause waits
/// for nothing.
const STEP_EVERY: Duration = Duration::from_millis(10);
/// How often to see whether another process's turn is over.
const ELSEWHERE_PAUSE: Duration = Duration::from_millis(500);
/// How often to see how far another process has come.
const WATCH_PAUSE: Duration = Duration::from_millis(50);

/// Takes steps until `shutdown`.
pub(super) async fn follow<F: Follower>(
    follower: &F,
    log: &dyn EventLog,
    shutdown: &CancellationToken,
) {
    let mut trouble = Trouble::new(follower.checkpoint());
    while !shutdown.is_cancelled() {
        let turn = async {
            let began = Instant::now();
            match follower.step().await {
                Ok(Step::Advanced) => {
                    trouble.is_over().await;
                    sleep_until(began + STEP_EVERY).await;
                }
                Ok(Step::Idle(after)) => {
                    trouble.is_over().await;
                    log.wait(after).await;
                }
                Ok(Step::Elsewhere) => sleep(ELSEWHERE_PAUSE).await,
                Err(error) => sleep(trouble.goes_on(&error).await).await,
            }
        };
        tokio::select! {
            () = turn => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Takes steps until there is nothing left to read. What another process reads for the saga is waited for.
pub(super) async fn catch_up<F: Follower>(
    follower: &F,
    log: &dyn EventLog,
) -> Result<(), SagaError> {
    loop {
        match follower.step().await? {
            Step::Advanced => {}
            Step::Idle(_) => return Ok(()),
            Step::Elsewhere => {
                let at = follower.checkpoint().position().await?;
                if log.read_all(at, 1).await?.is_empty() {
                    return Ok(());
                }
                sleep(WATCH_PAUSE).await;
            }
        }
    }
}

/// What stands in a saga's way, told once for as long as it stays the same.
struct Trouble<'a> {
    checkpoint: &'a Checkpoint,
    /// What is shown; something at first, for the process before this one may have left it.
    shown: Option<String>,
    retry_wait: Duration,
}

impl<'a> Trouble<'a> {
    fn new(checkpoint: &'a Checkpoint) -> Self {
        Self { checkpoint, shown: Some(String::new()), retry_wait: RETRY_FIRST }
    }

    async fn is_over(&mut self) {
        self.retry_wait = RETRY_FIRST;
        if self.shown.is_some() {
            self.show(None).await;
        }
    }

    /// Answers how long to wait before the next try.
    async fn goes_on(&mut self, error: &SagaError) -> Duration {
        let text = causes::in_one_line(error);
        if self.shown.as_ref() != Some(&text) {
            let saga = self.checkpoint.saga();
            tracing::error!(saga, error = text, "the saga {saga} stumbled; it will try again");
            self.show(Some(text)).await;
        }
        let wait = self.retry_wait;
        self.retry_wait = (wait * 2).min(RETRY_LAST);
        wait
    }

    async fn show(&mut self, error: Option<String>) {
        let is_failing = if error.is_some() { 1.0 } else { 0.0 };
        metrics::gauge!("heliograph_saga_failing", "saga" => self.checkpoint.saga())
            .set(is_failing);
        // What cannot be noted because the database is away shows in readiness all the same.
        if self.checkpoint.note(error.as_deref()).await.is_ok() {
            self.shown = error;
        }
    }
}

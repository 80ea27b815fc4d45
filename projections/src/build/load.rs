//! The log, carried into a view under construction.
//!
//! ```text
//! read and decode a batch --(one waits)--> apply the batch before it
//! ```
//!
//! Three batches are in memory at most: one being read, one waiting, one being applied; each of
//! [`BATCH_MAX`] events or what the log gives at once, whichever is less.

use std::sync::Arc;

use domain::ports::event_log::{EventLog, LogError, RecordedEvent};
use domain::stream::Position;
use sqlx::Connection;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::scratch::Scratch;
use super::{BuildError, Builder, register};
use crate::projector::{ProjectorError, checkpoint};

/// Most events applied in one transaction. Larger than the live projector's, so that most of what happens to a
/// message is written at once; small enough for the transaction to end soon.
const BATCH_MAX: u16 = 10_000;
/// A batch smaller than this may be the last.
const SMALL: usize = 1_000;

impl Builder {
    /// Applies the log up to a position; without one, until the view is level with the live one or the log ends.
    pub(super) async fn load(
        &self,
        scratch: &mut Scratch,
        until: Option<Position>,
    ) -> Result<(), BuildError> {
        let name = scratch.projection.name();
        let total = checkpoint::live(&self.pool, name).await?.events;
        self.progress.send_modify(|progress| progress.total = total);
        let (sender, mut batches) = mpsc::channel(1);
        let mut reader = JoinSet::new();
        reader.spawn(read(Arc::clone(&self.log), scratch.position, until, sender));
        while let Some(batch) = batches.recv().await {
            let batch = batch.map_err(ProjectorError::Log)?;
            self.apply(scratch, &batch).await?;
            // The log may grow faster than it can be read to its end.
            if until.is_none() && batch.len() < SMALL {
                let live = checkpoint::live(&self.pool, name).await?;
                if scratch.position >= live.position {
                    return Ok(());
                }
            }
        }
        while let Some(ended) = reader.join_next().await {
            ended?;
        }
        Ok(())
    }

    /// Applies events, in one go if possible; if not, in ever smaller ones, to find the event that cannot be
    /// applied.
    async fn apply(
        &self,
        scratch: &mut Scratch,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), BuildError> {
        let (mut rest, mut size) = (events, events.len());
        while !rest.is_empty() {
            if self.shutdown.is_cancelled() {
                return Err(BuildError::Interrupted);
            }
            let (batch, after) = rest.split_at(size.min(rest.len()));
            match scratch.apply(batch).await {
                Ok(()) => rest = after,
                Err(error) if batch.len() > 1 && error.may_be_one_event() => {
                    size = batch.len() / 2;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            register::note(&self.pool, scratch.id, scratch.position, scratch.events).await?;
            self.progress.send_modify(|progress| progress.events = scratch.events);
        }
        Ok(())
    }
}

impl Scratch {
    async fn apply(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), ProjectorError> {
        let Some(last) = events.last() else { return Ok(()) };
        let mut transaction = self.connection.begin().await?;
        self.projection
            .apply(&mut transaction, events)
            .await
            .map_err(|error| ProjectorError::applying(events, error))?;
        transaction.commit().await?;
        self.position = last.position;
        self.events += u64::try_from(events.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}

/// Reads on and on, until there is nothing more or nobody takes it.
async fn read(
    log: Arc<dyn EventLog>,
    mut after: Position,
    until: Option<Position>,
    batches: mpsc::Sender<Result<Vec<Arc<RecordedEvent>>, LogError>>,
) {
    while until.is_none_or(|until| after < until) {
        let mut batch = log.read_all(after, BATCH_MAX).await;
        let is_readable = batch.is_ok();
        if let Ok(events) = &mut batch {
            let Some(last) = events.last() else { return };
            after = last.position;
            events.retain(|event| until.is_none_or(|until| event.position <= until));
        }
        if batches.send(batch).await.is_err() || !is_readable {
            return;
        }
    }
}

//! One read of the log for all who follow it in a process.
//!
//! ```text
//! projection --.                      .-- recent: the last events that were read, in the log's order
//! projection --+--> read_all(after) --+
//! saga --------'                      `-- behind them, or beyond: the store
//! ```
//!
//! Views and sagas follow the same events, one close behind the other; each event is fetched and decoded once.
//! Invariant: what is remembered is an unbroken piece of the log, for each read of it began where the one before
//! had ended, and a reader that has seen a position never learns later of an event before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::ports::event_log::{Appended, EventLog, LogError, NewEvent, RecordedEvent};
use domain::stream::{ExpectedVersion, Position, StreamName, Version};

/// Events remembered.
const EVENTS_MAX: usize = 8192;
/// Bytes of data remembered: a webhook may be large.
const BYTES_MAX: usize = 8 << 20;

/// A log whose readers share what they read.
pub struct SharedReads {
    log: Arc<dyn EventLog>,
    recent: Mutex<Recent>,
    /// Held by the one who reads on.
    front: tokio::sync::Mutex<()>,
}

/// The events after a position, without a gap.
#[derive(Default)]
struct Recent {
    after: Position,
    events: VecDeque<Arc<RecordedEvent>>,
    bytes: usize,
}

impl SharedReads {
    /// Of this log.
    pub fn new(log: Arc<dyn EventLog>) -> Arc<Self> {
        Arc::new(Self { log, recent: Mutex::default(), front: tokio::sync::Mutex::default() })
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventLog for SharedReads {
    async fn append(
        &self,
        stream: StreamName,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        self.log.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: StreamName) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        self.log.read_stream(stream).await
    }

    async fn version(&self, stream: StreamName) -> Result<Version, LogError> {
        self.log.version(stream).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: u16,
    ) -> Result<Vec<Arc<RecordedEvent>>, LogError> {
        // Far behind: what it reads is nothing the others need. Or at odds with a single event: it is to see what the
        // log holds now, should somebody have mended it.
        if limit == 1 || self.recent().begins_after(after) {
            return self.log.read_all(after, limit).await;
        }
        if let Some(events) = self.recent().read(after, limit) {
            return Ok(events);
        }
        let _front = self.front.lock().await;
        if let Some(events) = self.recent().read(after, limit) {
            return Ok(events);
        }
        let events = self.log.read_all(after, limit).await?;
        self.recent().remember(after, &events);
        Ok(events)
    }

    async fn wait(&self, after: Position) {
        self.log.wait(after).await;
    }

    async fn probe(&self) -> Result<String, LogError> {
        self.log.probe().await
    }
}

impl Recent {
    fn begins_after(&self, position: Position) -> bool {
        position < self.after
    }

    fn end(&self) -> Position {
        self.events.back().map_or(self.after, |last| last.position)
    }

    /// The events after a position, if any of them are here.
    fn read(&self, after: Position, limit: u16) -> Option<Vec<Arc<RecordedEvent>>> {
        if self.begins_after(after) || after >= self.end() {
            return None;
        }
        let seen = self.events.partition_point(|event| event.position <= after);
        Some(self.events.iter().skip(seen).take(usize::from(limit)).cloned().collect())
    }

    /// Takes in what was read after a position; forgets the oldest.
    fn remember(&mut self, after: Position, events: &[Arc<RecordedEvent>]) {
        if after < self.end() || events.is_empty() {
            return;
        }
        if after > self.end() {
            // Somebody is ahead: another process had done the work so far.
            *self = Self { after, ..Self::default() };
        }
        self.bytes += events.iter().map(|event| bytes(event)).sum::<usize>();
        self.events.extend(events.iter().cloned());
        while self.events.len() > EVENTS_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.events.pop_front() else { return };
            self.bytes -= bytes(&oldest);
            self.after = oldest.position;
        }
    }
}

/// Roughly: what is decoded is as large as what is stored.
const fn bytes(event: &RecordedEvent) -> usize {
    2 * event.stored.data.len() + size_of::<RecordedEvent>()
}

#[cfg(test)]
mod tests;

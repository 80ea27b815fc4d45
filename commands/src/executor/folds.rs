//! The latest folds of streams, so that a stream that is told many things is read once.
//!
//! Invariant: a fold is that of its version, and nothing more is claimed of it: whether the stream is still there
//! is for the log to say, by taking an append at that version or by telling the version.

use std::any::Any;
use std::sync::Arc;

use domain::aggregate::Aggregate;
use domain::stream::{Position, StreamName, Version};
use quick_cache::sync::Cache;

/// Streams remembered; a message's fold is a few hundred bytes.
const STREAMS_MAX: usize = 16_384;

/// What a stream's events come to, up to a version.
#[derive(Debug, Clone, Default)]
pub(super) struct Fold<A> {
    pub(super) state: A,
    pub(super) version: Version,
    pub(super) position: Position,
}

/// The folds of the streams used last.
pub(super) struct Folds(Cache<StreamName, Arc<dyn Any + Send + Sync>>);

impl Folds {
    pub(super) fn new() -> Self {
        Self(Cache::new(STREAMS_MAX))
    }

    /// A stream's category tells its aggregate, so the type is always the one that was remembered.
    pub(super) fn get<A: Aggregate>(&self, stream: StreamName) -> Option<Arc<Fold<A>>> {
        self.0.get(&stream)?.downcast().ok()
    }

    pub(super) fn remember<A: Aggregate>(&self, stream: StreamName, fold: Arc<Fold<A>>) {
        self.0.insert(stream, fold);
    }

    pub(super) fn forget(&self, stream: StreamName) {
        self.0.remove(&stream);
    }
}

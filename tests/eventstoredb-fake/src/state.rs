//! What all lines share: the log, who may ask, and what is to go wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::sync::watch;
use tonic::{Request, Status};
use uuid::Uuid;

use crate::log::{Expected, Log, Proposed, Written, WrongRevision};
use crate::{FakeOptions, Misbehaviour};

/// What all lines share.
#[derive(Debug)]
pub(crate) struct State {
    options: FakeOptions,
    log: Mutex<Log>,
    /// How many events there are, for those who wait for more.
    length: watch::Sender<usize>,
    misbehaviour: Mutex<VecDeque<Misbehaviour>>,
    delay: Mutex<Duration>,
    appends: Mutex<usize>,
    searched: Mutex<usize>,
}

impl State {
    pub(crate) fn new(options: FakeOptions, log: Log) -> Self {
        Self {
            options,
            log: Mutex::new(log),
            length: watch::Sender::new(0),
            misbehaviour: Mutex::default(),
            delay: Mutex::default(),
            appends: Mutex::default(),
            searched: Mutex::default(),
        }
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        locked(&self.log)
    }

    pub(crate) fn length(&self) -> watch::Receiver<usize> {
        self.length.subscribe()
    }

    pub(crate) fn misbehave(&self, how: impl IntoIterator<Item = Misbehaviour>) {
        locked(&self.misbehaviour).extend(how);
    }

    pub(crate) fn delay_answers(&self, by: Duration) {
        *locked(&self.delay) = by;
    }

    pub(crate) fn appends(&self) -> usize {
        *locked(&self.appends)
    }

    pub(crate) fn searched(&self) -> usize {
        *locked(&self.searched)
    }

    pub(crate) fn search(&self) {
        *locked(&self.searched) += 1;
    }

    pub(crate) fn fill(&self, count: usize) {
        let mut log = self.log();
        for id in 0..count as u128 {
            let event = Proposed { id: Uuid::from_u128(id), ..Proposed::default() };
            // Nobody expects anything of this stream, so nothing can be wrong with it.
            let _ = log.append("somebody-else", Expected::Any, vec![event]);
        }
        self.length.send_replace(log.events.len());
    }

    pub(crate) fn append(
        &self,
        stream: &str,
        expected: Expected,
        events: Vec<Proposed>,
    ) -> Result<Written, WrongRevision> {
        let mut log = self.log();
        let before = log.events.len();
        let result = log.append(stream, expected, events);
        if log.events.len() > before {
            *locked(&self.appends) += 1;
            self.length.send_replace(log.events.len());
        }
        result
    }

    /// What goes wrong with the next append.
    pub(crate) fn next_misbehaviour(&self) -> Option<Misbehaviour> {
        locked(&self.misbehaviour).pop_front()
    }

    pub(crate) fn delay(&self) -> Duration {
        *locked(&self.delay)
    }

    pub(crate) const fn append_bytes_max(&self) -> usize {
        self.options.append_bytes_max
    }

    /// Wrong credentials are refused, and so is who has none.
    pub(crate) fn admit<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let Some((name, password)) = self.options.credentials else { return Ok(()) };
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")));
        match request.metadata().get("authorization") {
            Some(given) if given.as_bytes() == expected.as_bytes() => Ok(()),
            Some(_) => Err(Status::unauthenticated("Unauthenticated")),
            None => Err(Status::permission_denied("Access Denied")),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

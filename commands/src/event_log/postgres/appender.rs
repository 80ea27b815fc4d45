//! Group commit: what arrives while a flush is on its way is the next batch. No timer is involved; the
//! commit's own duration is the window.
//!
//! Invariant: each request is answered by itself. A request that the database refuses is found by
//! halving its batch, and fails alone; one whose answer was lost is recognised by its event ids.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::id::EventId;
use domain::ports::event_log::{Appended, LogError};
use failpoint::Failpoint;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::announcements::Announcements;
use super::batch::{self, Overlap, Placed, Request};
use super::{partitions, unavailable};

/// Most requests in one statement.
const BATCH_REQUESTS_MAX: usize = 512;
/// Most bytes in one statement; a larger request goes alone.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// A broken connection is tried again this often: the first try may have committed.
const TRIES_MAX: u32 = 3;
const RETRY_WAIT: Duration = Duration::from_millis(100);

/// One lane's worker.
pub(super) struct Appender {
    pool: PgPool,
    announcements: Arc<Announcements>,
}

impl Appender {
    pub(super) fn new(pool: PgPool, announcements: Arc<Announcements>) -> Self {
        Self { pool, announcements }
    }

    pub(super) async fn run(
        self,
        mut requests: mpsc::Receiver<Request>,
        shutdown: CancellationToken,
    ) {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                let mut arrived = Vec::new();
                tokio::select! {
                    count = requests.recv_many(&mut arrived, BATCH_REQUESTS_MAX) => {
                        if count == 0 {
                            return;
                        }
                    }
                    // What was asked for is still done; nothing more is taken.
                    () = shutdown.cancelled(), if !requests.is_closed() => requests.close(),
                }
                waiting.extend(arrived);
            } else {
                while waiting.len() < BATCH_REQUESTS_MAX {
                    let Ok(request) = requests.try_recv() else { break };
                    waiting.push_back(request);
                }
            }
            let batch = take_batch(&mut waiting);
            if !batch.is_empty() {
                self.flush(batch).await;
            }
        }
    }

    async fn flush(&self, batch: Vec<Request>) {
        metrics::histogram!("heliograph_append_batch_requests").record(precise(batch.len()));
        failpoint::reach(Failpoint::AppendAsked);
        let mut pending = vec![batch];
        while let Some(batch) = pending.pop() {
            match self.append(&batch).await {
                Ok(placed) => {
                    failpoint::reach(Failpoint::AppendCommitted);
                    self.answer(batch, &placed).await;
                }
                Err(LogError::Refused(_)) if batch.len() > 1 => {
                    let mut batch = batch;
                    let second = batch.split_off(batch.len() / 2);
                    pending.extend([second, batch]);
                }
                Err(error) => fail(batch, error),
            }
        }
    }

    /// Appends a batch, again if the connection broke. A repeat is safe: events that did commit are found
    /// by their ids when the repeat conflicts with them.
    async fn append(&self, batch: &[Request]) -> Result<Vec<Placed>, LogError> {
        let mut tried = 0;
        loop {
            tried += 1;
            let error = match batch::append(&self.pool, batch).await {
                Ok(placed) => return Ok(placed),
                Err(error) => error,
            };
            match cure(&error) {
                Cure::CreatePartition => {
                    partitions::create(&self.pool).await.map_err(unavailable)?;
                }
                Cure::TryAgain => tokio::time::sleep(RETRY_WAIT * tried).await,
                Cure::None => return Err(LogError::Refused(error.into())),
            }
            if tried == TRIES_MAX {
                return Err(unavailable(error));
            }
        }
    }

    async fn answer(&self, batch: Vec<Request>, placed: &[Placed]) {
        let by_event: HashMap<(Uuid, EventId), Appended> = placed
            .iter()
            .map(|placed| ((placed.stream_id, placed.event_id), placed.appended))
            .collect();
        if let Some(last) = by_event.values().map(|appended| appended.position).max() {
            self.announcements.advance(last);
        }
        for request in batch {
            let stream_id = request.stream.id;
            let last = request.events.last().and_then(|event| by_event.get(&(stream_id, event.id)));
            let result = match last {
                Some(appended) => Ok(*appended),
                None => self.conflict_or_repeat(&request).await,
            };
            request.answer(result);
        }
    }

    async fn conflict_or_repeat(&self, request: &Request) -> Result<Appended, LogError> {
        let ids: Vec<_> = request.events.iter().map(|event| event.id).collect();
        match batch::find(&self.pool, request.stream, &ids).await.map_err(unavailable)? {
            Overlap::Whole(appended) => Ok(appended),
            Overlap::Partial | Overlap::None => Err(LogError::Conflict { stream: request.stream }),
        }
    }
}

/// The next batch: in order of arrival, each stream once, within the limits. The rest stays in order.
fn take_batch(waiting: &mut VecDeque<Request>) -> Vec<Request> {
    let mut streams = HashSet::new();
    let mut batch = Vec::new();
    let mut left = VecDeque::new();
    let mut bytes = 0;
    for request in waiting.drain(..) {
        let fits = batch.is_empty() || bytes + request.bytes() <= BATCH_BYTES_MAX;
        if batch.len() < BATCH_REQUESTS_MAX && fits && streams.insert(request.stream) {
            bytes += request.bytes();
            batch.push(request);
        } else {
            streams.insert(request.stream);
            left.push_back(request);
        }
    }
    *waiting = left;
    // Two processes that lock the same streams in the same order do not deadlock.
    batch.sort_by_key(|request| request.stream);
    batch
}

/// What may help after an error.
enum Cure {
    CreatePartition,
    TryAgain,
    None,
}

fn cure(error: &sqlx::Error) -> Cure {
    let Some(error) = error.as_database_error() else { return Cure::TryAgain };
    match error.code().as_deref() {
        // check_violation without a constraint: no partition takes the row.
        Some("23514") if error.constraint().is_none() => Cure::CreatePartition,
        // Bad data (class 22) and broken rules (class 23) stay what they are.
        Some(code) if code.starts_with("22") || code.starts_with("23") => Cure::None,
        // Serialisation failure, deadlock, shutdown, too many connections, full disk, …
        _ => Cure::TryAgain,
    }
}

/// The same failure for every request of the batch.
fn fail(batch: Vec<Request>, error: LogError) {
    let text = error.to_string();
    let mut first = Some(error);
    for request in batch {
        let error = first.take().unwrap_or_else(|| LogError::Unavailable(text.clone().into()));
        request.answer(Err(error));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
const fn precise(count: usize) -> f64 {
    count as f64
}

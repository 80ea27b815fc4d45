//! The streams protocol: who may ask, and appending. Reading is in `read`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::uuid::Uuid;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::stream::BoxStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Response, Status, Streaming, async_trait};

use crate::line::Scissors;
use crate::log::{Expected, Log, Proposed, Written, WrongRevision};
use crate::protocol::streams::read_req::Options;
use crate::protocol::streams::streams_server::Streams;
use crate::protocol::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq,
    ReadResp, TombstoneReq, TombstoneResp, append_req, append_resp,
};
use crate::protocol::{StreamIdentifier, uuid};
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

    fn append(
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

    /// Wrong credentials are refused, and so is who has none.
    fn admit<T>(&self, request: &Request<T>) -> Result<(), Status> {
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

/// The service.
#[derive(Debug)]
pub(crate) struct Service {
    state: Arc<State>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Service {
    pub(crate) const fn new(
        state: Arc<State>,
        tasks: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        Self { state, tasks, shutdown }
    }

    /// The whole of an append, checked for its size.
    async fn receive(
        &self,
        mut parts: Streaming<AppendReq>,
    ) -> Result<(String, Expected, Vec<Proposed>), Status> {
        let Some(append_req::Content::Options(options)) =
            parts.message().await?.and_then(|part| part.content)
        else {
            return Err(Status::invalid_argument("an append begins with its options"));
        };
        let stream = stream_name(options.stream_identifier)?;
        let expected = match options.expected_stream_revision {
            Some(append_req::options::ExpectedStreamRevision::Revision(revision)) => {
                Expected::Revision(revision)
            }
            Some(append_req::options::ExpectedStreamRevision::NoStream(())) => Expected::NoStream,
            Some(append_req::options::ExpectedStreamRevision::StreamExists(())) => Expected::Exists,
            Some(append_req::options::ExpectedStreamRevision::Any(())) | None => Expected::Any,
        };
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(part) = parts.message().await? {
            let Some(append_req::Content::ProposedMessage(message)) = part.content else {
                return Err(Status::invalid_argument("options come once"));
            };
            let event = proposed(message)?;
            bytes += event.data.len() + event.custom_metadata.len();
            if bytes > self.state.options.append_bytes_max {
                return Err(too_large(self.state.options.append_bytes_max));
            }
            events.push(event);
        }
        Ok((stream, expected, events))
    }
}

#[async_trait]
impl Streams for Service {
    type ReadStream = BoxStream<'static, Result<ReadResp, Status>>;
    type BatchAppendStream = BoxStream<'static, Result<BatchAppendResp, Status>>;

    async fn append(
        &self,
        request: Request<Streaming<AppendReq>>,
    ) -> Result<Response<AppendResp>, Status> {
        self.state.admit(&request)?;
        let scissors = request.extensions().get::<Scissors>().cloned();
        let (stream, expected, events) = self.receive(request.into_inner()).await?;
        let misbehaviour = locked(&self.state.misbehaviour).pop_front();
        let cut = || {
            if let Some(scissors) = &scissors {
                scissors.cut();
            }
            Err(Status::unavailable("the line is cut"))
        };
        if misbehaviour == Some(Misbehaviour::CutBefore) {
            return cut();
        }
        let result = self.state.append(&stream, expected, events);
        if misbehaviour == Some(Misbehaviour::CutAfter) {
            return cut();
        }
        let delay = *locked(&self.state.delay);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        Ok(Response::new(answer(expected, result)))
    }

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        self.state.admit(&request)?;
        let options = request.into_inner().options;
        let options = options.ok_or_else(|| Status::invalid_argument("a read has options"))?;
        self.read(options).map(Response::new)
    }

    async fn batch_append(
        &self,
        _: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Err(Status::unimplemented("the fake has no batch append"))
    }

    async fn delete(&self, _: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(Status::unimplemented("the fake deletes nothing"))
    }

    async fn tombstone(&self, _: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(Status::unimplemented("the fake deletes nothing"))
    }
}

impl Service {
    fn read(
        &self,
        options: Options,
    ) -> Result<BoxStream<'static, Result<ReadResp, Status>>, Status> {
        crate::read::read(&self.state, &self.tasks, &self.shutdown, options)
    }
}

pub(crate) fn stream_name(identifier: Option<StreamIdentifier>) -> Result<String, Status> {
    let name = identifier.map(|identifier| identifier.stream_name).unwrap_or_default();
    String::from_utf8(name).map_err(|_| Status::invalid_argument("the stream's name is no text"))
}

fn proposed(message: append_req::ProposedMessage) -> Result<Proposed, Status> {
    let append_req::ProposedMessage { id, metadata, custom_metadata, data } = message;
    for required in ["type", "content-type"] {
        if !metadata.contains_key(required) {
            return Err(Status::invalid_argument(format!("an event has a {required}")));
        }
    }
    let id = id.and_then(|id| id.value);
    let id = match id.ok_or_else(|| Status::invalid_argument("an event has an id"))? {
        uuid::Value::String(text) => Uuid::parse_str(&text)
            .map_err(|_| Status::invalid_argument("the event's id is no UUID"))?,
        uuid::Value::Structured(halves) => Uuid::from_u64_pair(
            halves.most_significant_bits.cast_unsigned(),
            halves.least_significant_bits.cast_unsigned(),
        ),
    };
    Ok(Proposed { id, metadata, custom_metadata, data })
}

fn too_large(bytes_max: usize) -> Status {
    Status::new(Code::InvalidArgument, format!("Maximum Append Size of {bytes_max} Exceeded."))
}

fn answer(expected: Expected, result: Result<Written, WrongRevision>) -> AppendResp {
    use append_resp::wrong_expected_version::{CurrentRevisionOption, ExpectedRevisionOption};
    use append_resp::{Position, Success, WrongExpectedVersion, success};

    let result = match result {
        Ok(Written { revision, position }) => {
            let position = Position { commit_position: position, prepare_position: position };
            append_resp::Result::Success(Success {
                current_revision_option: Some(success::CurrentRevisionOption::CurrentRevision(
                    revision,
                )),
                position_option: Some(success::PositionOption::Position(position)),
            })
        }
        Err(WrongRevision(current)) => {
            let current = current.map_or(
                CurrentRevisionOption::CurrentNoStream(()),
                CurrentRevisionOption::CurrentRevision,
            );
            let expected = match expected {
                Expected::Any => ExpectedRevisionOption::ExpectedAny(()),
                Expected::Exists => ExpectedRevisionOption::ExpectedStreamExists(()),
                Expected::NoStream => ExpectedRevisionOption::ExpectedNoStream(()),
                Expected::Revision(revision) => ExpectedRevisionOption::ExpectedRevision(revision),
            };
            append_resp::Result::WrongExpectedVersion(WrongExpectedVersion {
                current_revision_option: Some(current),
                expected_revision_option: Some(expected),
                ..WrongExpectedVersion::default()
            })
        }
    };
    AppendResp { result: Some(result) }
}

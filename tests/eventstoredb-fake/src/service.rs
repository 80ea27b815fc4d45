//! The streams protocol; reading is in `read`.

use std::sync::Arc;

use ::uuid::Uuid;
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Response, Status, Streaming, async_trait};

use crate::Misbehaviour;
use crate::line::Scissors;
use crate::log::{Expected, Proposed, Written, WrongRevision};
use crate::protocol::streams::read_req::Options;
use crate::protocol::streams::streams_server::Streams;
use crate::protocol::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq,
    ReadResp, TombstoneReq, TombstoneResp, append_req, append_resp,
};
use crate::protocol::{StreamIdentifier, uuid};
use crate::state::State;

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
            if bytes > self.state.append_bytes_max() {
                return Err(too_large(self.state.append_bytes_max()));
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
        let misbehaviour = self.state.next_misbehaviour();
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
        let delay = self.state.delay();
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

//! Reading a stream or the whole log, and subscribing to the whole log.

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::Status;

use crate::log::Recorded;
use crate::protocol::streams::ReadResp;
use crate::protocol::streams::read_req::Options;
use crate::protocol::streams::read_req::options::all_options::AllOption;
use crate::protocol::streams::read_req::options::filter_options::{Filter, Window};
use crate::protocol::streams::read_req::options::stream_options::RevisionOption;
use crate::protocol::streams::read_req::options::{
    AllOptions, CountOption, FilterOption, ReadDirection, StreamOption, StreamOptions,
};
use crate::protocol::streams::read_resp::read_event::{Position, RecordedEvent};
use crate::protocol::streams::read_resp::{
    CaughtUp, Checkpoint, Content, ReadEvent, StreamNotFound, SubscriptionConfirmation,
};
use crate::protocol::{StreamIdentifier, Uuid, uuid};
use crate::service::stream_name;
use crate::state::State;

/// Answers that may wait for a slow client.
const BUFFER: usize = 256;
/// What the server searches at a time where the client does not say.
const WINDOW_DEFAULT: u32 = 32;

type Answers = BoxStream<'static, Result<ReadResp, Status>>;

pub(crate) fn read(
    state: &Arc<State>,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
    options: Options,
) -> Result<Answers, Status> {
    let is_backwards = options.read_direction() == ReadDirection::Backwards;
    match (options.stream_option, options.count_option) {
        (Some(StreamOption::Stream(stream)), Some(CountOption::Count(count))) => {
            read_stream(state, stream, is_backwards, count)
        }
        (Some(StreamOption::All(all)), Some(CountOption::Count(count))) => {
            Ok(read_all(state, &all, is_backwards, count))
        }
        (Some(StreamOption::All(all)), Some(CountOption::Subscription(_))) => {
            let search = Search::new(options.filter_option)?;
            let (sender, mut answers) = mpsc::channel(BUFFER);
            let subscription = Subscription { state: Arc::clone(state), search, sender };
            let (from, shutdown) = (start(state, &all), shutdown.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = subscription.sender.closed() => {}
                    () = shutdown.cancelled() => {}
                    // It ends when nobody listens any more.
                    _ = subscription.run(from) => {}
                }
            });
            Ok(stream::poll_fn(move |context| answers.poll_recv(context)).map(Ok).boxed())
        }
        _ => Err(Status::unimplemented("the fake does not read like this")),
    }
}

fn read_stream(
    state: &State,
    options: StreamOptions,
    is_backwards: bool,
    count: u64,
) -> Result<Answers, Status> {
    let name = stream_name(options.stream_identifier.clone())?;
    let Some(events) = state.log().stream(&name) else {
        let stream_identifier = options.stream_identifier;
        let missing = Content::StreamNotFound(StreamNotFound { stream_identifier });
        return Ok(stream::iter([Ok(response(missing))]).boxed());
    };
    let last = events.last().map_or(0, |event| event.revision);
    let from = match options.revision_option {
        Some(RevisionOption::Revision(revision)) => revision,
        Some(RevisionOption::End(())) => last,
        Some(RevisionOption::Start(())) | None => 0,
    };
    let is_meant = |event: &Arc<Recorded>| {
        if is_backwards { event.revision <= from } else { event.revision >= from }
    };
    let events = events.into_iter().filter(is_meant).collect();
    Ok(page(events, is_backwards, count, Some(Content::LastStreamPosition(last))))
}

fn read_all(state: &State, options: &AllOptions, is_backwards: bool, count: u64) -> Answers {
    let from = match options.all_option {
        Some(AllOption::Position(position)) => position.commit_position,
        Some(AllOption::End(())) => u64::MAX,
        Some(AllOption::Start(())) | None => 0,
    };
    let is_meant = |event: &&Arc<Recorded>| {
        if is_backwards { event.position <= from } else { event.position >= from }
    };
    let events = state.log().events.iter().filter(is_meant).cloned().collect();
    page(events, is_backwards, count, None)
}

fn page(
    mut events: Vec<Arc<Recorded>>,
    is_backwards: bool,
    count: u64,
    end: Option<Content>,
) -> Answers {
    if is_backwards {
        events.reverse();
    }
    events.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    let events = events.into_iter().map(|event| appeared(&event));
    stream::iter(events.chain(end).map(response).map(Ok)).boxed()
}

/// After which position a subscription begins.
fn start(state: &State, options: &AllOptions) -> u64 {
    match options.all_option {
        Some(AllOption::Position(position)) => position.commit_position,
        Some(AllOption::End(())) => state.log().last_position(),
        Some(AllOption::Start(())) | None => 0,
    }
}

/// What a subscription looks for, and how many events it looks at before it tells how far it has come.
struct Search {
    prefixes: Vec<String>,
    window: usize,
}

impl Search {
    fn new(filter: Option<FilterOption>) -> Result<Self, Status> {
        let Some(FilterOption::Filter(options)) = filter else {
            return Ok(Self { prefixes: Vec::new(), window: usize::MAX });
        };
        let window = match options.window {
            Some(Window::Max(0)) => return Err(Status::invalid_argument("the window is empty")),
            Some(Window::Max(events)) => events,
            Some(Window::Count(())) | None => WINDOW_DEFAULT,
        };
        let window = window.saturating_mul(options.checkpoint_interval_multiplier);
        match options.filter {
            Some(Filter::StreamIdentifier(expression)) if expression.regex.is_empty() => {
                let window = usize::try_from(window).unwrap_or(usize::MAX);
                Ok(Self { prefixes: expression.prefix, window })
            }
            _ => Err(Status::unimplemented("the fake filters by prefixes of streams' names only")),
        }
    }

    fn finds(&self, event: &Recorded) -> bool {
        self.prefixes.is_empty()
            || self.prefixes.iter().any(|prefix| event.stream.starts_with(prefix))
    }
}

struct Subscription {
    state: Arc<State>,
    search: Search,
    sender: mpsc::Sender<ReadResp>,
}

/// Nobody listens any more.
struct Left;

impl Subscription {
    /// Catches up, says so, and goes on with what is appended from then on.
    async fn run(&self, from: u64) -> Result<(), Left> {
        let mut length = self.state.length();
        let id = SubscriptionConfirmation { subscription_id: "fake".to_owned() };
        self.send(Content::Confirmation(id)).await?;
        let (mut position, end) = (from, self.state.log().last_position());
        let mut searched = 0;
        if position < end {
            position = self.search(position, &mut searched).await?;
            self.send(checkpoint(position)).await?;
        }
        self.send(Content::CaughtUp(CaughtUp {})).await?;
        while length.changed().await.is_ok() {
            position = self.search(position, &mut searched).await?;
        }
        Ok(())
    }

    /// Sends what is found up to the end of the log, and every window's end.
    async fn search(&self, mut position: u64, searched: &mut usize) -> Result<u64, Left> {
        loop {
            let Some(event) = self.next(position) else { return Ok(position) };
            position = event.position;
            *searched += 1;
            self.state.search();
            if self.search.finds(&event) {
                self.send(appeared(&event)).await?;
            }
            if *searched >= self.search.window {
                *searched = 0;
                self.send(checkpoint(position)).await?;
            }
        }
    }

    fn next(&self, position: u64) -> Option<Arc<Recorded>> {
        let log = self.state.log();
        log.events.get(log.after(position)).cloned()
    }

    async fn send(&self, content: Content) -> Result<(), Left> {
        self.sender.send(response(content)).await.map_err(|_| Left)
    }
}

const fn response(content: Content) -> ReadResp {
    ReadResp { content: Some(content) }
}

const fn checkpoint(position: u64) -> Content {
    Content::Checkpoint(Checkpoint { commit_position: position, prepare_position: position })
}

fn appeared(recorded: &Recorded) -> Content {
    let event = RecordedEvent {
        id: Some(Uuid { value: Some(uuid::Value::String(recorded.event.id.to_string())) }),
        stream_identifier: Some(StreamIdentifier {
            stream_name: recorded.stream.as_bytes().to_vec(),
        }),
        stream_revision: recorded.revision,
        prepare_position: recorded.position,
        commit_position: recorded.position,
        metadata: recorded.event.metadata.clone(),
        custom_metadata: recorded.event.custom_metadata.clone(),
        data: recorded.event.data.clone(),
    };
    Content::Event(ReadEvent {
        event: Some(event),
        link: None,
        position: Some(Position::CommitPosition(recorded.position)),
    })
}
